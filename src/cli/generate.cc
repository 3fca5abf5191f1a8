// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion generate: words to picture files.
#include <memory>

#include "src/cli/cli.h"
#include "src/cli/draw_pictures.h"
#include "src/cli/load_flags.h"
#include "src/cli/numbers.h"
#include "src/cli/refused_words.h"

namespace mobilediffusion::cli {

Run add_generate(CLI::App& app) {
  auto options = std::make_shared<GenerateCommand>();
  CLI::App* const command = app.add_subcommand("generate", "Draw a picture from a few words");
  command->add_option("PROMPT", options->prompt, "What to draw; - reads prompts from stdin, one a line")->required();
  command->add_option(
      "-o,--output", options->output,
      "The PNG, or JPEG, to write, by its ending; - is a PNG on stdout. Default: a PNG named after the prompt, which "
      "overwrites nothing. Several are numbered");
  command->add_option("-m,--model", options->model,
                      "A model folder or a packed model. Default: the model that comes with the program");
  command
      ->add_option("--seed", options->seed,
                   "The same seed gives the same picture, and further pictures count up from it; random or -1 takes "
                   "one by chance and tells it")
      ->capture_default_str()
      ->transform(kSeedOrRandom);
  command->add_option("--size", options->size, "WIDTHxHEIGHT in pixels. Default: what the model was made for");
  command
      ->add_option("--steps", options->steps,
                   "Denoising steps. Default: as many as the model was made for, 1 for one-step models")
      ->transform(kWholeNumber);
  command->add_option("--count", options->count, "How many pictures of each prompt")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command
      ->add_option("--guidance", options->guidance,
                   "How closely to follow the prompt; 0 and 1 are off. Default: what the model was made for")
      ->transform(kNumber);
  command->add_option("--negative-prompt", options->negative_prompt,
                      "What should not be there; read where guidance is above 1");
  command->add_option(
      "--sampler", options->sampler,
      "one-step (or gan), sid, flow; lcm, tcd; ddim, plms, euler, dpm++ (or dpm++2m), dpm, unipc, deis; "
      "with fresh noise: ddpm, euler-a, dpm++2m-sde, dpm++-sde, dpm-sde. Default: the model's own");
  command->add_option("--noise", options->noise, "philox, the same everywhere, or torch, which is PyTorch's on a CPU")
      ->check(CLI::IsMember({"philox", "torch"}))
      ->capture_default_str();
  command->add_option("--image", options->image, "A PNG or JPEG to begin with, cut and scaled to the size");
  command
      ->add_option("--strength", options->strength,
                   "How much of that picture is made anew, 0 to 1; a one-step model runs its step there")
      ->capture_default_str()
      ->transform(kNumber);
  add_load_flags(*command, &options->load);
  add_refused_words(*command, &options->refused_words);
  command->add_flag("--json", options->json, "One JSON object a picture on stdout");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing but errors");
  command->add_flag("--no-metadata", options->no_metadata, "Leave prompt, seed, model and the AI mark out of the file");
  command->footer(
      "Examples:\n"
      "  mobilediffusion generate \"two red boats at sunset\" -o boats.png\n"
      "  mobilediffusion generate \"a blue house at night\" --seed 7 --count 4\n"
      "  mobilediffusion generate \"a yellow car\" -o - | display -\n"
      "  mobilediffusion generate \"a castle in the snow\" --image castle.jpg --strength 0.6\n"
      "  mobilediffusion generate \"a blue house\" -m sd15 --lora lcm.safetensors --lora paint.safetensors:0.8\n"
      "  mobilediffusion generate - --json < prompts.txt\n"
      "  mobilediffusion generate \"a castle\" --model sd-turbo --steps 2\n"
      "  mobilediffusion generate \"a castle\" --model stable-diffusion-v1-5 --sampler dpm++ --steps 20 \\\n"
      "      --guidance 7 --negative-prompt blurry --noise torch");
  return [command, options] {
    // What is not drawn with again need not stay.
    if (command->count("--memory") == 0 && options->count == 1 && options->prompt != "-")
      options->load.memory = MemoryUse::kStream;
    return draw_pictures(*options);
  };
}

}  // namespace mobilediffusion::cli
