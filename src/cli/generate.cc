// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion generate: words to PNG files.
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"

namespace mobilediffusion::cli {
namespace {

struct Options {
  std::string prompt;
  std::string output;
  std::string model;
  std::string size;
  std::string negative_prompt;
  std::string sampler;
  std::string image;
  double strength = GenerateOptions().strength;
  uint64_t seed = 0;
  int steps = 0;
  int count = 1;
  LoadOptions load;
  std::optional<float> guidance;
  std::string noise = "philox";
  bool json = false;
  bool quiet = false;
  bool no_metadata = false;
};

// "Two red boats!" to "two-red-boats": a file's name that any system takes.
std::string slug(const std::string& prompt) {
  std::string name;
  for (const char c : prompt) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 128) {
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
    if (name.size() >= 60) break;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "picture" : name;
}

// Where picture `index` of several goes: "boats.png" becomes "boats-2.png".
std::string numbered(const std::string& path, int index) {
  const size_t slash = path.find_last_of('/');
  const size_t dot = path.find_last_of('.');
  const size_t at = dot == std::string::npos || (slash != std::string::npos && dot < slash) ? path.size() : dot;
  return path.substr(0, at) + "-" + std::to_string(index) + path.substr(at);
}

nlohmann::json report(const Image& image, const std::string& file, double load_seconds) {
  return {{"file", file},
          {"prompt", image.provenance.prompt},
          {"prompt_tokens", image.prompt_tokens},
          {"prompt_truncated", image.prompt_truncated},
          {"unknown_words", image.unknown_words},
          {"model", image.provenance.model},
          {"seed", image.provenance.seed},
          {"steps", image.provenance.steps},
          {"guidance", image.provenance.guidance},
          {"sampler", image.provenance.sampler},
          {"noise", image.provenance.noise},
          {"loras", image.provenance.loras},
          {"strength", image.provenance.strength ? nlohmann::json(*image.provenance.strength) : nlohmann::json()},
          {"width", image.width},
          {"height", image.height},
          {"seconds",
           {{"load", load_seconds},
            {"encoder", image.timings.encoder},
            {"text", image.timings.text},
            {"unet", image.timings.unet},
            {"decoder", image.timings.decoder},
            {"total", image.timings.total}}}};
}

class Generate {
 public:
  explicit Generate(const Options& options) : options_(options), progress_(!options.quiet) {}

  int run() {
    if (options_.output == "-" && (options_.json || options_.count > 1)) {
      return complain(
          {StatusCode::kInvalidArgument, "-o - writes one PNG to stdout, which leaves no room for --json or --count"});
    }
    if (options_.output == "-" && ::isatty(STDOUT_FILENO) != 0) {
      return complain(
          {StatusCode::kInvalidArgument, "-o - would write a PNG to the terminal; send stdout to a file or a program"});
    }
    if (options_.count < 1 || options_.count > 1'000'000) {
      return complain(
          {StatusCode::kInvalidArgument, "--count must be 1 to 1000000, not " + std::to_string(options_.count)});
    }
    if (!options_.size.empty()) {
      const Result<Size> size = parse_size(options_.size);
      if (!size.ok()) return complain(size.status());
      size_ = *size;
    }
    if (!options_.image.empty()) {
      Result<Image> given = read_image(options_.image);
      if (!given.ok()) return complain(given.status());
      given_ = std::move(*given);
    }

    LoadOptions load = options_.load;
    load.log = [this](LogLevel, std::string_view message) {
      if (options_.quiet) return;
      progress_.clear();
      std::fprintf(stderr, "note: %.*s\n", static_cast<int>(message.size()), message.data());
    };
    Result<Pipeline> pipeline = options_.model.empty() ? Pipeline::load(load) : Pipeline::load(options_.model, load);
    if (!pipeline.ok()) return complain(pipeline.status());
    catch_interrupts();

    if (options_.prompt != "-")
      return draw(*pipeline, options_.prompt,
                  options_.output.empty() ? slug(options_.prompt) + ".png" : options_.output, 0);
    int line = 0;
    for (std::string prompt; std::getline(std::cin, prompt);) {
      if (!prompt.empty() && prompt.back() == '\r') prompt.pop_back();
      ++line;
      const std::string file = options_.output.empty() ? numbered(slug(prompt) + ".png", line) : options_.output;
      if (const int code = draw(*pipeline, prompt, file, line); code != kDone) return code;
    }
    if (line == 0) return complain({StatusCode::kInvalidArgument, "stdin held no prompt; expected one a line"});
    return kDone;
  }

 private:
  // `line` of stdin, 0 where the prompt came from the command line.
  int draw(Pipeline& pipeline, const std::string& prompt, const std::string& file, int line) {
    for (int i = 0; i < options_.count; ++i) {
      GenerateOptions generate;
      generate.seed = options_.seed + static_cast<uint64_t>(i);
      generate.width = size_.width;
      generate.height = size_.height;
      generate.steps = options_.steps;
      generate.guidance = options_.guidance;
      generate.noise = options_.noise == "torch" ? Noise::kTorch : Noise::kPhilox;
      generate.negative_prompt = options_.negative_prompt;
      generate.sampler = options_.sampler;
      if (!given_.pixels.empty()) generate.image = given_.view();
      generate.strength = options_.strength;
      generate.progress = [this](Stage stage, int done, int total) {
        static constexpr const char* kNames[] = {"text", "UNet", "decoder", "encoder"};
        progress_.show(kNames[static_cast<int>(stage)], done, total);
        return !interrupted();
      };
      Result<Image> image = pipeline.generate(prompt, generate);
      progress_.clear();
      if (!image.ok()) {
        const std::string where = line > 0 ? "line " + std::to_string(line) + " of stdin: " : "";
        return complain({image.status().code(), where + image.status().message()});
      }

      const std::string path = place(file, line, i);
      const SaveOptions save{.metadata = !options_.no_metadata};
      if (const Status status = path == "-" ? to_stdout(*image, save) : image->save(path, save); !status.ok())
        return complain(status);
      tell(*image, path, pipeline.load_seconds());
    }
    return kDone;
  }

  std::string place(const std::string& file, int line, int index) const {
    if (file == "-") return file;
    std::string path = line > 0 && !options_.output.empty() ? numbered(file, line) : file;
    return options_.count > 1 ? numbered(path, index + 1) : path;
  }

  static Status to_stdout(const Image& image, const SaveOptions& save) {
    const Result<std::vector<uint8_t>> png = image.encode_png(save);
    if (!png.ok()) return png.status();
    if (std::fwrite(png->data(), 1, png->size(), stdout) != png->size() || std::fflush(stdout) != 0) {
      return Status(StatusCode::kIoError, "stdout could not be written");
    }
    return {};
  }

  void tell(const Image& image, const std::string& path, double load_seconds) const {
    if (options_.json) {
      std::cout << report(image, path, load_seconds).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                << std::endl;
    } else if (!options_.quiet) {
      std::fprintf(path == "-" ? stderr : stdout,
                   "%s  %dx%d  seed %llu  text %.3f s, UNet %.3f s, decoder %.3f s, in all %.3f s (load %.3f s)\n",
                   path == "-" ? "(stdout)" : path.c_str(), image.width, image.height,
                   static_cast<unsigned long long>(image.provenance.seed), image.timings.text, image.timings.unet,
                   image.timings.decoder, image.timings.total, load_seconds);
      std::fflush(stdout);
    }
  }

  const Options& options_;
  Size size_;
  Image given_;  // to begin with
  ProgressLine progress_;
};

}  // namespace

Run add_generate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("generate", "Draw a picture from a few words");
  command->add_option("PROMPT", options->prompt, "What to draw; - reads prompts from stdin, one a line")->required();
  command->add_option("-o,--output", options->output,
                      "The PNG to write; - is stdout. Default: named after the prompt. Several are numbered");
  command->add_option("-m,--model", options->model, "A model folder. Default: the model that comes with the program");
  command
      ->add_option("--seed", options->seed, "The same seed gives the same picture; further pictures count up from it")
      ->capture_default_str()
      ->check(kSeed);
  command->add_option("--size", options->size, "WIDTHxHEIGHT in pixels. Default: what the model was made for");
  command->add_option("--steps", options->steps,
                      "Denoising steps. Default: as many as the model was made for, 1 for one-step models");
  command->add_option("--count", options->count, "How many pictures of each prompt")->capture_default_str();
  command->add_option("--guidance", options->guidance,
                      "How closely to follow the prompt; 0 and 1 are off. Default: what the model was made for");
  command->add_option("--negative-prompt", options->negative_prompt,
                      "What should not be there; read where guidance is above 1");
  command->add_option("--sampler", options->sampler,
                      "one-step (or gan), sid, flow; lcm, tcd; ddim, plms, euler, dpm++ (or dpm++2m), dpm, unipc, deis; "
                      "with fresh noise: ddpm, euler-a, dpm++2m-sde, dpm++-sde, dpm-sde. Default: the model's own");
  command->add_option("--noise", options->noise, "philox, the same everywhere, or torch, which is PyTorch's on a CPU")
      ->check(CLI::IsMember({"philox", "torch"}))
      ->capture_default_str();
  command->add_option("--image", options->image, "A PNG or JPEG to begin with, cut and scaled to the size");
  command
      ->add_option("--strength", options->strength,
                   "How much of that picture is made anew, 0 to 1; a one-step model runs its step there")
      ->capture_default_str();
  add_load_flags(*command, &options->load);
  command->add_flag("--json", options->json, "One JSON object a picture on stdout");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing but errors");
  command->add_flag("--no-metadata", options->no_metadata, "Leave prompt, seed, model and the AI mark out of the PNG");
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
    return Generate(*options).run();
  };
}

}  // namespace mobilediffusion::cli
