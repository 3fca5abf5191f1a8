// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion pack: a model as one file, for an app's package.
#include "mobilediffusion/pack.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/platform.h"
#include "src/cli/stored_weights_flag.h"
#include "src/files/own_location.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion::cli {
namespace {

constexpr const char* kItself = "itself";

struct PackFlags {
  std::string model, output;
  std::string weights = "keep";
  PackOptions pack;
  bool json = false;
};

int run_pack(PackFlags options) {
  catch_interrupts();
  const InterruptGuard guard;
  options.pack.weights = *stored_weights(options.weights);
  options.pack.cancelled = &interrupted;
  if (options.pack.program == kItself) options.pack.program = to_utf8(running_program());
  if (const Status status = pack(options.model, options.output, options.pack); !status.ok()) return complain(status);
  std::error_code error;  // a pipe has no size
  const uint64_t bytes = std::filesystem::file_size(to_path(options.output), error);
  if (options.json) {
    nlohmann::ordered_json told{{"output", options.output}, {"weights", options.weights}};
    told["bytes"] = error ? nlohmann::ordered_json() : nlohmann::ordered_json(bytes);
    std::cout << told.dump() << std::endl;
  } else if (!error) {
    std::printf("%s  %.1f MB\n", options.output.c_str(), static_cast<double>(bytes) / 1e6);
  }
  return kDone;
}

}  // namespace

Run add_pack(CLI::App& app) {
  auto options = std::make_shared<PackFlags>();
  CLI::App* const command = app.add_subcommand("pack", "Put a whole model into one file, for an app's package");
  command->add_option("MODEL", options->model, "A model folder or a packed model")->required();
  command->add_option("OUT", options->output, "The file to make; .mdiff by custom")->required();
  command
      ->add_option("--weights", options->weights,
                   "keep: in the types that they have, so that pictures stay as they are; int8: the large ones in 8 "
                   "bits, as quantize makes them; float16: those in float32 in half")
      ->capture_default_str()
      ->check(CLI::IsMember({"keep", "int8", "float16"}));
  command->add_option("--vae", options->pack.vae, "A folder with another autoencoder than the model's vae/");
  add_loras(*command, &options->pack.loras);
  command->add_flag(std::string("--program{") + kItself + "}", options->pack.program,
                    "Make a program with the model inside: this one, or the one that --program=FILE names");
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->footer(
      "Examples:\n"
      "  mobilediffusion pack models/scenes scenes.mdiff\n"
      "  mobilediffusion generate \"two red boats\" --model scenes.mdiff\n"
      "  mobilediffusion pack models/scenes small.mdiff --weights int8\n"
      "  mobilediffusion pack small.mdiff draw --program && ./draw generate \"two red boats\"\n\n"
      "Every command takes the file as MODEL, and so does MOBILEDIFFUSION_MODEL. It is mapped and never unpacked.\n"
      "A program with a model inside takes it where none is named, and is a MODEL as well; strip would drop it.\n"
      "It is a safetensors file: Python's safetensors lists its weights as unet/conv_in.weight and so on.");
  return [options] { return run_pack(*options); };
}

}  // namespace mobilediffusion::cli
