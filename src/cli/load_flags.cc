// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/load_flags.h"

#include <cstdlib>

#include "src/cli/numbers.h"
#include "src/cli/platform.h"
#include "src/files/file_source.h"
#include "src/model/model_folder.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

// "FILE:0.8" to its two parts; what is behind the last colon is a weight where it is a number, and a wrong one ("1,5")
// where it might be, or where the rest is a file.
Lora parse_lora(const std::string& text) {
  const size_t colon = text.find_last_of(':');
  if (colon == std::string::npos || SourcePath(text).exists()) return {text};
  const std::string file = text.substr(0, colon), behind = text.substr(colon + 1);
  char* end = nullptr;
  const float weight = std::strtof(behind.c_str(), &end);
  if (!behind.empty() && *end == '\0') return {file, weight};
  if (behind.find_first_not_of("0123456789.,+-eE% ") == std::string::npos || SourcePath(file).exists()) {
    throw CLI::ValidationError(
        "--lora", "\"" + behind + "\" behind " + file + " is no weight: expected a number with a point, such as 0.8");
  }
  return {text};
}

}  // namespace

void add_precision(CLI::App& command, Precision* precision, const std::string& default_name) {
  command
      .add_option_function<std::string>(
          "--precision", [precision](const std::string& name) { *precision = *parse_precision(name); },
          "What the networks compute in: float32, float16 or int8. Default: " + default_name)
      ->check(CLI::IsMember({"float32", "float16", "int8"}));
}

Status choose_precision(const std::string& model, LoadOptions* options) {
  if (options->precision != Precision::kOfModel) return {};
  const Result<ModelFolder> folder = open_model_folder(model, options->vae);
  if (!folder.ok()) return folder.status();
  const Result<Precision> chosen = chosen_precision(options->precision, folder->unet_weights());
  if (!chosen.ok()) return chosen.status();
  options->precision = *chosen;
  return {};
}

void add_loras(CLI::App& command, std::vector<Lora>* loras) {
  command
      .add_option_function<std::vector<std::string>>(
          "--lora",
          [loras](const std::vector<std::string>& files) {
            for (const std::string& file : files) loras->push_back(parse_lora(file));
          },
          "FILE or FILE:WEIGHT (or a folder), a LoRA to add to the model's weights, by default as a whole (1); as "
          "often as wanted")
      ->type_size(1)
      ->allow_extra_args(false);
}

void add_load_flags(CLI::App& command, LoadOptions* options) {
  if (const std::string folder = user_cache_folder(); !folder.empty())
    options->cache_folder = folder + "/mobilediffusion";
  command.add_option("--threads", options->threads, "Default: one a core that is worth it, 8 at most")
      ->transform(kWholeNumber);
  add_precision(command, &options->precision, "int8 where the model's weights are, else float32");
  command.add_option("--vae", options->vae, "A folder with another autoencoder than the model's vae/");
  add_loras(command, &options->loras);
  command
      .add_option_function<std::string>(
          "--memory",
          [options](const std::string& name) {
            options->memory = name == "stream" ? MemoryUse::kStream : MemoryUse::kKeep;
          },
          "keep: all networks stay loaded; stream: one at a time. Default: stream for a single picture, else keep")
      ->check(CLI::IsMember({"keep", "stream"}));
  command.add_option_function<std::string>(
      "--cache", [options](const std::string& folder) { options->cache_folder = folder == "none" ? "" : folder; },
      "Where packed weights are kept for the next load; none: nowhere. Default: " +
          (options->cache_folder.empty() ? "none" : options->cache_folder));
  command
      .add_option_function<uint64_t>(
          "--cache-limit", [options](uint64_t megabytes) { options->cache_bytes = megabytes << 20; },
          "What that folder may hold, in MiB. Default: " + std::to_string(options->cache_bytes >> 20))
      ->transform(kWholeNumber)
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 40));
}

}  // namespace mobilediffusion::cli
