// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion verify: a model's networks on given inputs, held against given answers.
//
// Names of tensors, (n, c, h, w): input_ids -> text_hidden; latents, timestep, text_hidden -> unet_output -> x0;
// decoder_input -> decoder_output; encoder_input (pixels in -1..1) -> encoder_output, in the autoencoder's own scale;
// input_ids, latents -> pipeline_rgb (height, width, 3), the whole chain.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/numbers.h"
#include "src/cli/output_files.h"
#include "src/cli/verify_networks.h"
#include "src/files/mapped_file.h"
#include "src/weights/tensor_values.h"

namespace mobilediffusion::cli {
namespace {

struct VerifyFlags {
  std::string model;
  std::string expected;
  std::string write;
  double tolerance = 1e-5;
  Precision precision = Precision::kFloat32;
  int threads = 2;
  bool json = false;
};

// How far an output is from the expected one.
struct Comparison {
  std::string name;
  double largest_error = 0;  // of the largest expected value; for pixels, in grey levels
  double psnr = 0;           // decibels; infinite where equal
  bool within = false;
};

Status write(const std::vector<NetworkOutput>& outputs, const std::string& path) {
  std::vector<TensorSource> tensors;
  for (const NetworkOutput& output : outputs) {
    if (output.bytes.empty()) {
      tensors.push_back(float32_tensor(output.name, output.shape, output.values));
    } else {
      tensors.push_back(
          {output.name, "U8", output.shape, output.bytes.size(), [&output](size_t offset, std::span<std::byte> piece) {
             std::memcpy(piece.data(), output.bytes.data() + offset, piece.size());
           }});
    }
  }
  return write_safetensors(path, tensors);
}

Result<Comparison> compare(const VerifyFlags& options, const NetworkOutput& output, const TensorEntry& entry) {
  if (entry.shape != output.shape) {
    return Status(StatusCode::kInvalidModel, options.expected + ": " + output.name + " has the shape " +
                                                 shown(entry.shape) + "; ours has " + shown(output.shape));
  }
  Comparison result{output.name};
  double largest = 0, worst = 0, squares = 0;
  const auto add = [&](double ours, double theirs) {
    largest = std::max(largest, std::abs(theirs));
    worst = std::max(worst, std::isfinite(ours) ? std::abs(ours - theirs) : HUGE_VAL);  // max() would pass over a NaN
    squares += (ours - theirs) * (ours - theirs);
  };
  size_t count = 0;
  if (!output.bytes.empty()) {
    if (entry.dtype != "U8")
      return Status(StatusCode::kInvalidModel,
                    options.expected + ": " + output.name + " is " + entry.dtype + "; expected U8");
    count = output.bytes.size();
    for (size_t i = 0; i < count; ++i) add(output.bytes[i], std::to_integer<int>(entry.data[i]));
    largest = 255;
    result.largest_error = worst;
    result.within = worst <= 1;
  } else {
    const Result<std::vector<float>> theirs = to_float32(output.name, entry);
    if (!theirs.ok()) return theirs.status();
    count = output.values.size();
    for (size_t i = 0; i < count; ++i) add(static_cast<double>(output.values[i]), static_cast<double>((*theirs)[i]));
    result.largest_error = worst == 0 ? 0 : worst / largest;
    result.within = worst <= options.tolerance * largest;
  }
  result.psnr = 10 * std::log10(largest * largest * static_cast<double>(count) / squares);
  return result;
}

int report(const VerifyFlags& options, const std::vector<NetworkOutput>& outputs, const Safetensors& expected) {
  bool within = true;
  int compared = 0;
  nlohmann::json lines = nlohmann::json::array();
  for (const NetworkOutput& output : outputs) {
    const TensorEntry* const entry = expected.find(output.name);
    if (entry == nullptr) continue;
    const Result<Comparison> result = compare(options, output, *entry);
    if (!result.ok()) return complain(result.status());
    ++compared;
    within = within && result->within;
    const bool pixels = !output.bytes.empty();
    if (options.json) {
      lines.push_back({{"name", result->name},
                       {"largest_error", result->largest_error},
                       {"unit", pixels ? "grey levels" : "of the largest value"},
                       {"psnr", std::isfinite(result->psnr) ? nlohmann::json(result->psnr) : nlohmann::json()},
                       {"ok", result->within}});
    } else {
      char error[64];
      std::snprintf(error, sizeof error, pixels ? "%.0f grey levels" : "%.2e of the largest", result->largest_error);
      std::printf("%-15s  error %-22s  PSNR %6.1f dB  %s\n", result->name.c_str(), error, result->psnr,
                  result->within ? "ok" : "TOO FAR");
    }
  }
  if (options.json) std::cout << nlohmann::json{{"outputs", lines}, {"ok", within}}.dump() << std::endl;
  if (compared == 0 && options.write.empty()) {
    return complain({StatusCode::kInvalidModel,
                     options.expected + " holds no output to compare with; --write FILE would save ours"});
  }
  return within ? kDone : kFailed;
}

int run_verify(const VerifyFlags& options) {
  if (options.threads < 1 || options.threads > 256) {
    return complain(
        {StatusCode::kInvalidArgument, "--threads must be 1 to 256, not " + std::to_string(options.threads)});
  }
  if (!options.write.empty()) {
    if (const Status status = check_writable(options.write); !status.ok()) return complain(status);
  }
  const Result<ModelFolder> model = open_model_folder(options.model);
  if (!model.ok()) return complain(model.status());
  const Result<MappedFile> file = MappedFile::open(options.expected);
  if (!file.ok()) return complain(file.status());
  const Result<Safetensors> expected = Safetensors::parse(file->bytes(), options.expected);
  if (!expected.ok()) return complain(expected.status());
  Result<Stages> stages = Stages::load(*model, NetworkLoading(LoadOptions{.precision = options.precision}));
  if (!stages.ok()) return complain(stages.status());
  const Result<std::vector<NetworkOutput>> outputs =
      run_networks(*model, *stages, *expected, options.expected, options.threads);
  if (!outputs.ok()) return complain(outputs.status());
  if (!options.write.empty()) {
    if (const Status status = write(*outputs, options.write); !status.ok()) return complain(status);
  }
  return report(options, *outputs, *expected);
}

}  // namespace

Run add_verify(CLI::App& app) {
  auto options = std::make_shared<VerifyFlags>();
  CLI::App* const command =
      app.add_subcommand("verify", "Run each network on given inputs and compare with given answers");
  command->add_option("MODEL", options->model, "A model folder, which needs no tokenizer, or a packed model")
      ->required();
  command
      ->add_option("EXPECTED", options->expected,
                   "A safetensors file of inputs, and of the outputs that are to be compared")
      ->required();
  command->add_option("--write", options->write, "Save our outputs under the same names");
  command
      ->add_option("--tolerance", options->tolerance,
                   "Largest error allowed, of an output's largest value; pixels may differ by one")
      ->capture_default_str()
      ->transform(kNumber)
      ->check(CLI::NonNegativeNumber);
  command->add_option("--threads", options->threads, "Threads, 1 to 256")
      ->capture_default_str()
      ->transform(kWholeNumber);
  add_precision(*command, &options->precision, "float32");
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->footer(
      "Example:\n  mobilediffusion verify models/scenes models/scenes/expected.safetensors\n\nExits 1 where an output "
      "is too far.");
  return [options] { return run_verify(*options); };
}

}  // namespace mobilediffusion::cli
