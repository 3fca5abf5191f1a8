// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion quantize: a model folder of a quarter, or half, of float32's size, for shipping.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>

#include "src/cli/cli.h"
#include "src/cli/new_folder.h"
#include "src/cli/numbers.h"
#include "src/cli/platform.h"
#include "src/cli/stored_weights_flag.h"
#include "src/files/file_io.h"
#include "src/files/utf8_path.h"
#include "src/model/model_folder.h"
#include "src/model_tensors.h"
#include "src/weights/file_weights.h"
#include "src/weights/stored_weights.h"

namespace mobilediffusion::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWorstShown = 8;

struct QuantizeFlags {
  std::string model;
  std::string output;
  std::string weights = "int8";
  bool json = false;
};

struct Report {
  std::vector<std::pair<std::string, std::vector<QuantizationError>>> networks;
  uint64_t bytes_before = 0, bytes_after = 0;
};

constexpr std::string_view kWeights = ".safetensors";

Status copy_file(const SourcePath& from, const fs::path& to) {
  std::error_code error;
  if (from.on_disk())
    return fs::is_regular_file(to_path(from.name()), error) ? mobilediffusion::copy_file(from.name(), to_utf8(to))
                                                            : Status();
  const Result<MappedFile> file = from.open();
  if (!file.ok()) return file.status();
  const auto* const data = reinterpret_cast<const uint8_t*>(file->bytes().data());
  return write_file_atomically(to_utf8(to), {data, file->bytes().size()});
}

// Everything but weights: configurations, the tokenizer, what a model tells of itself.
Status copy_the_rest(const SourcePath& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return Status(StatusCode::kIoError, "cannot make the folder " + to_utf8(to) + ": " + error.message());
  for (const std::string& leaf : from.list()) {
    const SourcePath below = from / leaf;
    Status status;
    if (below.is_folder()) {
      status = copy_the_rest(below, to / to_path(leaf));
    } else if (!leaf.ends_with(kWeights)) {
      status = copy_file(below, to / to_path(leaf));
    }
    if (!status.ok()) return status;
  }
  return {};
}

Result<uint64_t> bytes_of(const SourcePath& weights) {
  const Result<std::unique_ptr<FileWeights>> opened = FileWeights::open(weights);
  if (!opened.ok()) return opened.status();
  uint64_t bytes = 0;
  for (const FileWeights::File& file : (*opened)->files()) bytes += file.mapped.bytes().size();
  return bytes;
}

Status quantize_network(const char* name, const ModelTensors::Entries& entries, const SourcePath& from,
                        const SourcePath& to, StoredWeights stored, Report& report) {
  if (interrupted()) return Status(StatusCode::kCancelled, "interrupted before " + to.string());
  Result<std::vector<QuantizationError>> errors = write_stored_weights(stored, from, to.name(), entries);
  if (!errors.ok()) return errors.status();
  const Result<uint64_t> before = bytes_of(from), after = bytes_of(to);
  if (!before.ok()) return before.status();
  if (!after.ok()) return after.status();
  report.bytes_before += *before;
  report.bytes_after += *after;
  report.networks.emplace_back(name, std::move(*errors));
  return {};
}

Status fill(const ModelFolder& model, const fs::path& folder, StoredWeights stored, Report& report) {
  if (Status status = copy_the_rest(model.path, folder); !status.ok()) return status;
  const Result<ModelTensors> tensors = ModelTensors::of(model);
  if (!tensors.ok()) return tensors.status();
  ModelFolder made = model;
  made.path = to_utf8(folder);
  made.vae_folder = made.path / "vae";
  for (const auto& [name, entries, from, to] :
       {std::tuple("text_encoder", &tensors->text_encoder, model.text_encoder_weights(), made.text_encoder_weights()),
        std::tuple("unet", &tensors->unet, model.unet_weights(), made.unet_weights()),
        std::tuple("decoder", &tensors->autoencoder, model.decoder_weights(), made.decoder_weights())}) {
    if (Status status = quantize_network(name, *entries, from, to, stored, report); !status.ok()) return status;
  }
  return {};
}

QuantizationError sum(const std::vector<QuantizationError>& layers) {
  QuantizationError whole;
  for (const QuantizationError& layer : layers) {
    whole.values += layer.values;
    whole.energy += layer.energy;
    whole.squared += layer.squared;
  }
  return whole;
}

void print(const std::string& output, const Report& report) {
  std::vector<std::pair<QuantizationError, std::string>> worst;
  for (const auto& [network, layers] : report.networks) {
    std::printf("%-14s %4zu tensors  %9s values  %5.1f dB\n", network.c_str(), layers.size(),
                with_unit(static_cast<double>(sum(layers).values)).c_str(), sum(layers).decibels());
    for (const QuantizationError& layer : layers) worst.emplace_back(layer, network);
  }
  std::sort(worst.begin(), worst.end(),
            [](const auto& a, const auto& b) { return a.first.decibels() < b.first.decibels(); });
  if (worst.size() > kWorstShown) worst.resize(kWorstShown);
  std::printf("farthest from what they were (weights' signal to noise; --json lists every layer):\n");
  for (const auto& [layer, network] : worst)
    std::printf("  %5.1f dB  %s: %s\n", layer.decibels(), network.c_str(), layer.tensor.c_str());
  std::printf("%s  %.1f MB of weights, which were %.1f MB\n", output.c_str(),
              static_cast<double>(report.bytes_after) / 1e6, static_cast<double>(report.bytes_before) / 1e6);
}

void print_json(const QuantizeFlags& options, const Report& report) {
  nlohmann::ordered_json json{{"output", options.output},
                              {"weights", options.weights},
                              {"bytes", report.bytes_after},
                              {"bytes_before", report.bytes_before},
                              {"networks", nlohmann::ordered_json::object()}};
  for (const auto& [network, layers] : report.networks) {
    auto& list = json["networks"][network] = nlohmann::ordered_json::array();
    for (const QuantizationError& layer : layers) {
      nlohmann::ordered_json line{{"tensor", layer.tensor}, {"values", layer.values}};
      // JSON has no infinity: null is no error at all.
      line["snr_db"] = std::isfinite(layer.decibels()) ? nlohmann::ordered_json(layer.decibels()) : nullptr;
      list.push_back(std::move(line));
    }
  }
  std::cout << json.dump() << std::endl;
}

int run_quantize(const QuantizeFlags& options) {
  const Result<ModelFolder> model = open_model_folder(options.model);
  if (!model.ok()) return complain(model.status());
  Report report;
  const Result<fs::path> made = make_folder(options.output, [&](const fs::path& folder) {
    return fill(*model, folder, *stored_weights(options.weights), report);
  });
  if (!made.ok()) return complain(made.status());
  if (options.json) {
    print_json(options, report);
  } else {
    print(options.output, report);
  }
  return kDone;
}

}  // namespace

Run add_quantize(CLI::App& app) {
  auto options = std::make_shared<QuantizeFlags>();
  CLI::App* const command = app.add_subcommand("quantize", "Make a smaller model folder, for shipping");
  command->add_option("MODEL", options->model, "A model folder or a packed model")->required();
  command->add_option("OUT_DIR", options->output, "The model folder to make")->required();
  command->add_option("--weights", options->weights, "What the large weights become")
      ->capture_default_str()
      ->check(CLI::IsMember({"int8", "float16"}));
  command->add_flag("--json", options->json, "One JSON object on stdout: every layer's error");
  command->footer(
      "Example:\n"
      "  mobilediffusion quantize models/scenes scenes-int8\n"
      "  mobilediffusion generate \"two red boats\" --model scenes-int8\n\n"
      "A weight takes 8 bits, with a scale an output channel; first, last and other sensitive layers stay as they "
      "are.\n"
      "With --weights float16 every weight of float32 takes 16 bits, and what is smaller stays as it is.\n"
      "The folder runs in every precision; where none is asked for, 8 bits are computed in int8.");
  return [options] { return run_quantize(*options); };
}

}  // namespace mobilediffusion::cli
