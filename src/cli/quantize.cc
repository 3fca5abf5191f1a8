// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion quantize: a model folder of a quarter of float32's size, for shipping.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/cli/cli.h"
#include "src/cli/new_folder.h"
#include "src/cli/numbers.h"
#include "src/cli/platform.h"
#include "src/files/file_io.h"
#include "src/files/utf8_path.h"
#include "src/model/model_folder.h"
#include "src/model/weight_files.h"
#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/weights/file_weights.h"
#include "src/weights/int8_weights.h"

namespace mobilediffusion::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWorstShown = 8;

struct Options {
  std::string model;
  std::string output;
  std::string weights = "int8";
  bool json = false;
};

struct Report {
  std::vector<std::pair<std::string, std::vector<QuantizationError>>> networks;
  uint64_t bytes_before = 0, bytes_after = 0;
};

// Everything but weights: configurations, the tokenizer, what a model tells of itself.
Status copy_the_rest(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path target = to / fs::relative(entry->path(), from, error);
    if (entry->is_directory(error)) {
      fs::create_directories(target, error);
    } else if (entry->is_regular_file(error) && entry->path().extension() != ".safetensors") {
      if (Status status = copy_file(to_utf8(entry->path()), to_utf8(target)); !status.ok()) return status;
    }
    if (error)
      return Status(StatusCode::kIoError,
                    "cannot copy " + to_utf8(entry->path()) + " to " + to_utf8(target) + ": " + error.message());
  }
  return error ? Status(StatusCode::kIoError, "cannot read " + to_utf8(from) + ": " + error.message()) : Status();
}

using Entries = std::vector<ManifestWeights::Entry>;

template <typename Network, typename Config>
Entries entries_of(const char* name, const Config& config, const WeightSource* file = nullptr) {
  ManifestWeights manifest(file);
  const Network network(Scope(manifest, name, kernels::Precision::kInt8), config);
  return manifest.entries();
}

// The decoder's, and those of the encoder that the file has.
Result<Entries> autoencoder_entries(const ModelFolder& model) {
  Result<std::unique_ptr<FileWeights>> file = FileWeights::open(model.decoder_weights());
  if (!file.ok()) return file.status();
  Entries entries = entries_of<Decoder>("decoder", model.decoder, file->get());
  for (ManifestWeights::Entry& entry : entries_of<Encoder>("encoder", model.decoder, file->get())) {
    if ((*file)->has(entry.name)) entries.push_back(std::move(entry));
  }
  return entries;
}

Status quantize_network(const char* name, const Entries& entries, const SourcePath& from, const std::string& to,
                        Report& report) {
  if (interrupted()) return Status(StatusCode::kCancelled, "interrupted before " + to);
  Result<std::vector<QuantizationError>> errors = write_int8_weights(from, to, entries);
  if (!errors.ok()) return errors.status();
  std::error_code ignored;
  if (const auto files = find_weight_files(from); files.ok()) {
    for (const SourcePath& file : *files) report.bytes_before += fs::file_size(to_path(file.name()), ignored);
  }
  report.bytes_after += fs::file_size(to_path(to), ignored);
  report.networks.emplace_back(name, std::move(*errors));
  return {};
}

Status fill(const ModelFolder& model, const fs::path& folder, Report& report) {
  if (Status status = copy_the_rest(to_path(model.path.name()), folder); !status.ok()) return status;
  ModelFolder made = model;
  made.path = to_utf8(folder);
  made.vae_folder = made.path / "vae";
  Status status = quantize_network("text_encoder", entries_of<TextEncoder>("text_encoder", model.text_encoder),
                                   model.text_encoder_weights(), made.text_encoder_weights().name(), report);
  if (status.ok()) {
    status = quantize_network("unet", entries_of<UNet>("unet", model.unet), model.unet_weights(),
                              made.unet_weights().name(), report);
  }
  if (!status.ok()) return status;
  const Result<Entries> autoencoder = autoencoder_entries(model);
  if (!autoencoder.ok()) return autoencoder.status();
  return quantize_network("decoder", *autoencoder, model.decoder_weights(), made.decoder_weights().name(), report);
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

void print_json(const std::string& output, const Report& report) {
  nlohmann::ordered_json json{{"output", output},
                              {"weights", "int8"},
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

int run(const Options& options) {
  const Result<ModelFolder> model = open_model_folder(options.model);
  if (!model.ok()) return complain(model.status());
  Report report;
  const Result<fs::path> made =
      make_folder(options.output, [&](const fs::path& folder) { return fill(*model, folder, report); });
  if (!made.ok()) return complain(made.status());
  if (options.json) {
    print_json(options.output, report);
  } else {
    print(options.output, report);
  }
  return kDone;
}

}  // namespace

Run add_quantize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("quantize", "Make a smaller model folder, for shipping");
  command->add_option("MODEL", options->model, "A model folder")->required();
  command->add_option("OUT_DIR", options->output, "The model folder to make")->required();
  command->add_option("--weights", options->weights, "What the large weights become")
      ->capture_default_str()
      ->check(CLI::IsMember({"int8"}));
  command->add_flag("--json", options->json, "One JSON object on stdout: every layer's error");
  command->footer(
      "Example:\n"
      "  mobilediffusion quantize models/scenes scenes-int8\n"
      "  mobilediffusion generate \"two red boats\" --model scenes-int8 --precision int8\n\n"
      "A weight takes 8 bits, with a scale an output channel; first, last and other sensitive layers stay as they "
      "are.\n"
      "The folder runs in every precision; --precision int8 is what it is for.");
  return [options] { return run(*options); };
}

}  // namespace mobilediffusion::cli
