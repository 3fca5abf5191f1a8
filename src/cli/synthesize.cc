// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion synthesize: random weights for any configuration, so that a model whose weights nobody has can be
// run.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "kernels/runtime/data_type.h"
#include "src/cli/cli.h"
#include "src/cli/new_folder.h"
#include "src/cli/numbers.h"
#include "src/cli/platform.h"
#include "src/files/file_io.h"
#include "src/files/safetensors.h"
#include "src/files/utf8_path.h"
#include "src/networks/cost.h"
#include "src/sampling/noise.h"
#include "src/text/stand_in_tokenizer.h"
#include "src/text/tokenizer.h"

namespace mobilediffusion::cli {
namespace {

namespace fs = std::filesystem;

struct SynthesizeFlags {
  std::string config;
  std::string output;
  std::string tokenizer;
  std::string dtype = "F16";
  uint64_t seed = 0;
};

// The spread that training leaves: norms near one, biases near zero, and a matrix or a kernel such that its output is
// about as large as its input. What closes a residual branch is smaller, so that the sum does not grow from block to
// block.
struct Spread {
  float mean = 0;
  float deviation = 0;
};

Spread spread_of(const std::string& name, const std::vector<int64_t>& shape) {
  const auto ends_with = [&](std::string_view end) { return name.ends_with(end); };
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("embedding.weight")) return {0, 0.5f};
  if (ends_with(".bias")) return {0, 0.02f};
  if (shape.size() == 1) return {1, 0.1f};
  int64_t inputs = 1;
  for (size_t i = 1; i < shape.size(); ++i) inputs *= shape[i];
  const bool closes = has("conv2.") || has("to_out.") || has("ff.out.") || has("ff.net.2.") || has("conv.4.") ||
                      has("proj_out.") || has("out_proj.") || has("fc2.");
  return {0, (closes ? 0.3f : 1.0f) / std::sqrt(static_cast<float>(inputs))};
}

TensorSource random_tensor(const ManifestWeights::Entry& entry, bool half, uint64_t seed, uint64_t stream) {
  const size_t size = half ? 2 : 4;
  const Spread spread = spread_of(entry.name, entry.shape);
  return {entry.name, half ? "F16" : "F32", entry.shape, static_cast<size_t>(entry.elements()) * size,
          [=](size_t offset, std::span<std::byte> piece) {
            if (interrupted()) return;  // the folder will go
            std::vector<float> values(piece.size() / size);
            fill_normal(seed, stream, offset / size, values);
            for (size_t i = 0; i < values.size(); ++i) {
              const float value = spread.mean + spread.deviation * values[i];
              if (half) {
                const uint16_t bits = kernels::float16_from_float(value);
                std::memcpy(piece.data() + 2 * i, &bits, sizeof bits);
              } else {
                std::memcpy(piece.data() + 4 * i, &value, sizeof value);
              }
            }
          }};
}

Status write_networks(const std::string& path, std::initializer_list<const NetworkCost*> networks,
                      const SynthesizeFlags& options, uint64_t* stream) {
  std::vector<TensorSource> tensors;
  for (const NetworkCost* network : networks) {
    for (const auto& entry : network->tensors)
      tensors.push_back(random_tensor(entry, options.dtype == "F16", options.seed, (*stream)++));
  }
  return write_safetensors(path, tensors);
}

Status take_along(const fs::path& from, const fs::path& to) {
  const Result<std::vector<uint8_t>> bytes = read_file(to_utf8(from), size_t{64} << 20);
  if (!bytes.ok()) return bytes.status();
  return write_file_atomically(to_utf8(to), *bytes);
}

Status fill_folder(const ModelFolder& model, const SynthesizeFlags& options, const fs::path& folder) {
  std::error_code error;
  for (const char* part : {"text_encoder", "unet", "vae", "scheduler", "tokenizer"}) {
    fs::create_directories(folder / part, error);
    if (error)
      return Status(StatusCode::kIoError, "cannot make the folder " + to_utf8(folder / part) + ": " + error.message());
  }
  for (const char* file : {"model_index.json", "text_encoder/config.json", "unet/config.json", "vae/config.json",
                           "scheduler/scheduler_config.json"}) {
    if (Status status = take_along(to_path(model.path.name()) / file, folder / file); !status.ok()) return status;
  }
  if (options.tokenizer.empty()) {
    if (Status status = write_stand_in_tokenizer(to_utf8(folder / "tokenizer"), model.text_encoder); !status.ok())
      return status;
  } else {
    const auto tokenizer = load_tokenizer(options.tokenizer, model.text_encoder);
    if (!tokenizer.ok()) return tokenizer.status();
    for (const char* file : {"vocab.json", "merges.txt", "tokenizer.model", "tokenizer.json", "tokenizer_config.json",
                             "special_tokens_map.json", "added_tokens.json"}) {
      if (!fs::exists(to_path(options.tokenizer) / file, error)) continue;
      if (Status status = take_along(to_path(options.tokenizer) / file, folder / "tokenizer" / file); !status.ok())
        return status;
    }
  }
  const ModelCost cost = cost_of(model, model.unet.latent_multiple(), model.unet.latent_multiple());
  ModelFolder made = model;
  made.path = to_utf8(folder);
  made.vae_folder = made.path / "vae";
  uint64_t stream = 0;
  Status status = write_networks(made.text_encoder_weights().name(), {&cost.text_encoder}, options, &stream);
  if (status.ok()) status = write_networks(made.unet_weights().name(), {&cost.unet}, options, &stream);
  if (status.ok())
    status = write_networks(made.decoder_weights().name(), {&cost.decoder, &cost.encoder}, options, &stream);
  return status;
}

int run_synthesize(const SynthesizeFlags& options) {
  const Result<ModelFolder> model = open_model_folder(options.config);
  if (!model.ok()) return complain(model.status());
  const Result<fs::path> made =
      make_folder(options.output, [&](const fs::path& folder) { return fill_folder(*model, options, folder); });
  if (!made.ok()) return complain(made.status());
  std::printf("%s\n", to_utf8(*made).c_str());
  return kDone;
}

}  // namespace

Run add_synthesize(CLI::App& app) {
  auto options = std::make_shared<SynthesizeFlags>();
  CLI::App* const command =
      app.add_subcommand("synthesize", "Make a model of random weights, to run and time a configuration");
  command->add_option("CONFIG_DIR", options->config, "A model folder; its weights are not needed")->required();
  command->add_option("OUT_DIR", options->output, "The model folder to make")->required();
  command->add_option("--seed", options->seed, "The same seed gives the same weights")
      ->capture_default_str()
      ->transform(kSeed);
  command->add_option("--tokenizer", options->tokenizer,
                      "A tokenizer folder to take along. Default: a stand-in, one token a byte");
  command->add_option("--dtype", options->dtype, "F16 or F32")
      ->capture_default_str()
      ->check(CLI::IsMember({"F16", "F32"}));
  command->footer(
      "Example:\n"
      "  mobilediffusion synthesize models/mobilediffusion full-size && mobilediffusion bench full-size\n"
      "  mobilediffusion synthesize benchmarks/configurations/sdxs-512 sdxs && mobilediffusion bench sdxs\n\n"
      "The pictures are of nothing; the time and the memory are the real model's.");
  return [options] { return run_synthesize(*options); };
}

}  // namespace mobilediffusion::cli
