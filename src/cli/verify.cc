// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion verify: a model's networks on given inputs, held against given answers.
//
// Names of tensors, (n, c, h, w): input_ids -> text_hidden; latents, timestep, text_hidden -> unet_output -> x0;
// decoder_input -> decoder_output; input_ids, latents -> pipeline_rgb (height, width, 3), the whole chain.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "mobilediffusion/image.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/files/mapped_file.h"
#include "src/images/pixels.h"
#include "src/sampling/schedule.h"
#include "src/stages.h"
#include "src/weights/safetensors.h"

namespace mobilediffusion::cli {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::Shape;
using kernels::Tensor;
using kernels::ThreadPool;

struct Options {
  std::string model;
  std::string expected;
  std::string write;
  double tolerance = 1e-5;
  Precision precision = Precision::kFloat32;
  int threads = 2;
  bool json = false;
};

// One of our outputs: floats as the file orders them, or bytes.
struct Output {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
  std::vector<uint8_t> bytes;  // of pipeline_rgb
};

// How far an output is from the expected one.
struct Comparison {
  std::string name;
  double largest_error = 0;  // of the largest expected value; for pixels, in grey levels
  double psnr = 0;           // decibels; infinite where equal
  bool within = false;
};

std::string shown(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "(" : ", ") + std::to_string(extent);
  return text.empty() ? "()" : text + ")";
}

class Verify {
 public:
  // `options.threads` is 1 to 256.
  explicit Verify(const Options& options) : options_(options), threads_(options.threads), context_(threads_, arena_) {}

  int run() {
    Status status = load();
    if (status.ok()) status = compute();
    if (!status.ok()) return complain(status);
    if (!options_.write.empty()) {
      if (status = write(); !status.ok()) return complain(status);
    }
    return report();
  }

 private:
  Status load() {
    Result<ModelFolder> model = open_model_folder(options_.model);
    if (!model.ok()) return model.status();
    model_ = std::move(*model);
    Result<MappedFile> file = MappedFile::open(options_.expected);
    if (!file.ok()) return file.status();
    file_.emplace(std::move(*file));
    Result<Safetensors> tensors = Safetensors::parse(file_->bytes(), options_.expected);
    if (!tensors.ok()) return tensors.status();
    expected_ = std::move(*tensors);
    Result<Stages> stages = Stages::load(model_, NetworkLoading(LoadOptions{.precision = options_.precision}));
    if (!stages.ok()) return stages.status();
    stages_.emplace(std::move(*stages));
    return {};
  }

  // A tensor of the file as an activation, its shape checked: (1, c, h, w), or (1, tokens, width) as (1, 1, tokens,
  // width).
  Status input(const std::string& name, int64_t channels, Tensor* to) {
    const TensorEntry& entry = *expected_.find(name);
    Shape shape{.c = channels};
    const auto& s = entry.shape;
    const bool picture =
        s.size() == 4 && s[0] == 1 && s[1] == channels && s[2] > 0 && s[3] > 0 && s[2] <= 4096 && s[3] <= 4096;
    const bool tokens = s.size() == 3 && s[0] == 1 && s[2] == channels && s[1] > 0 && s[1] <= 1 << 14;
    if (picture) shape = {1, s[2], s[3], channels};
    if (tokens) shape = {1, 1, s[1], channels};
    if (!picture && !tokens) {
      return Status(StatusCode::kInvalidModel,
                    options_.expected + ": " + name + " must be one picture of " + std::to_string(channels) +
                        " channels, or one sequence of that width; its shape is " + shown(s));
    }
    const Result<std::vector<float>> values = Safetensors::to_float32(name, entry);
    if (!values.ok()) return values.status();
    *to = context_.make(shape);
    if (!context_.ok()) return context_.status();
    if (tokens) {
      std::copy(values->begin(), values->end(), to->data());
    } else {
      to_channels_last(*values, *to);
    }
    return {};
  }

  Status check_latent(const Tensor& latents) const {
    const int multiple = model_.unet.latent_multiple();
    if (latents.shape().h % multiple == 0 && latents.shape().w % multiple == 0) return {};
    return Status(StatusCode::kInvalidModel,
                  options_.expected + ": the sides of latents must be multiples of " + std::to_string(multiple) +
                      ", not " + std::to_string(latents.shape().w) + "x" + std::to_string(latents.shape().h));
  }

  Result<std::vector<int>> input_ids() const {
    Result<std::vector<int>> ids = Safetensors::to_integers("input_ids", *expected_.find("input_ids"));
    if (!ids.ok()) return Status(ids.status().code(), options_.expected + ": " + ids.status().message());
    const int most = model_.text_encoder.max_position_embeddings, vocabulary = model_.text_encoder.vocab_size;
    if (ids->empty() || static_cast<int>(ids->size()) > most) {
      return Status(StatusCode::kInvalidModel, options_.expected + ": input_ids must have 1 to " +
                                                   std::to_string(most) + " ids, not " + std::to_string(ids->size()));
    }
    for (const int id : *ids) {
      if (id < 0 || id >= vocabulary) {
        return Status(StatusCode::kInvalidModel, options_.expected + ": input_ids holds " + std::to_string(id) +
                                                     "; the vocabulary has " + std::to_string(vocabulary));
      }
    }
    return ids;
  }

  void keep(const std::string& name, const Tensor& x, bool sequence) {
    const Shape s = x.shape();
    if (sequence) {
      outputs_.push_back({name, {1, s.w, s.c}, {x.data(), x.data() + s.elements()}, {}});
    } else {
      outputs_.push_back({name, {1, s.c, s.h, s.w}, to_channels_first(x), {}});
    }
  }

  Status compute() {
    Tensor own_text;
    if (expected_.find("input_ids")) {
      const Result<std::vector<int>> ids = input_ids();
      if (!ids.ok()) return ids.status();
      own_text = stages_->encode(context_, *ids);
      if (!context_.ok()) return context_.status();
      keep("text_hidden", own_text, true);
    }
    if (expected_.find("latents")) {
      Tensor latents;
      Status status = input("latents", model_.unet.in_channels, &latents);
      if (status.ok()) status = check_latent(latents);
      if (status.ok()) status = run_unet(latents, own_text);
      if (status.ok()) status = run_pipeline(std::move(latents), own_text);
      if (!status.ok()) return status;
    }
    if (expected_.find("decoder_input")) {
      Tensor latents;
      if (Status status = input("decoder_input", model_.decoder.latent_channels, &latents); !status.ok()) return status;
      const Tensor picture = stages_->decoder()(context_, latents);
      if (!context_.ok()) return context_.status();
      keep("decoder_output", picture, false);
    }
    return {};
  }

  // The UNet by itself: at the file's timestep, with the file's text if it has one.
  Status run_unet(const Tensor& latents, const Tensor& own_text) {
    float timestep = static_cast<float>(model_.scheduler.timesteps.front());
    if (const TensorEntry* entry = expected_.find("timestep")) {
      if (entry->dtype == "I64" || entry->dtype == "I32") {
        const Result<std::vector<int>> values = Safetensors::to_integers("timestep", *entry);
        if (!values.ok()) return values.status();
        if (!values->empty()) timestep = static_cast<float>(values->front());
      } else {
        const Result<std::vector<float>> values = Safetensors::to_float32("timestep", *entry);
        if (!values.ok()) return values.status();
        if (!values->empty()) timestep = values->front();
      }
    }
    Tensor given_text;
    if (expected_.find("text_hidden")) {
      if (Status status = input("text_hidden", model_.unet.cross_attention_dim, &given_text); !status.ok())
        return status;
    }
    const Tensor& text = given_text.data() != nullptr ? given_text : own_text;
    if (text.data() == nullptr) return {};
    const Tensor output = stages_->unet()(context_, latents, timestep, text);
    if (!context_.ok()) return context_.status();
    keep("unet_output", output, false);
    return {};
  }

  // The whole chain from our own text.
  Status run_pipeline(Tensor latents, const Tensor& own_text) {
    if (own_text.data() == nullptr) return {};
    const Result<std::unique_ptr<Sampler>> sampler = make_sampler("", model_.scheduler, 0);
    if (!sampler.ok()) return sampler.status();
    scale(latents, (*sampler)->initial_scale());
    const std::unique_ptr<NoiseSource> noise = make_noise_source(Noise::kPhilox, 0);
    stages_->denoise(context_, latents, **sampler, {.text = own_text, .noise = *noise});
    if (!context_.ok()) return context_.status();
    keep("x0", latents, false);
    const Tensor picture = stages_->decode(context_, latents);
    if (!context_.ok()) return context_.status();
    const Shape s = picture.shape();
    Output rgb{"pipeline_rgb", {s.h, s.w, 3}, {}, std::vector<uint8_t>(static_cast<size_t>(s.elements()))};
    to_pixels({picture.data(), static_cast<size_t>(s.elements())}, static_cast<int>(s.w), static_cast<int>(s.h),
              PixelFormat::kRgb, rgb.bytes.data());
    outputs_.push_back(std::move(rgb));
    return {};
  }

  Status write() const {
    std::vector<TensorSource> tensors;
    for (const Output& output : outputs_) {
      if (output.bytes.empty()) {
        tensors.push_back(float32_tensor(output.name, output.shape, output.values));
      } else {
        tensors.push_back({output.name, "U8", output.shape, output.bytes.size(),
                           [&output](size_t offset, std::span<std::byte> piece) {
                             std::memcpy(piece.data(), output.bytes.data() + offset, piece.size());
                           }});
      }
    }
    return write_safetensors(options_.write, tensors);
  }

  Result<Comparison> compare(const Output& output, const TensorEntry& entry) const {
    if (entry.shape != output.shape) {
      return Status(StatusCode::kInvalidModel, options_.expected + ": " + output.name + " has the shape " +
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
                      options_.expected + ": " + output.name + " is " + entry.dtype + "; expected U8");
      count = output.bytes.size();
      for (size_t i = 0; i < count; ++i) add(output.bytes[i], std::to_integer<int>(entry.data[i]));
      largest = 255;
      result.largest_error = worst;
      result.within = worst <= 1;
    } else {
      const Result<std::vector<float>> theirs = Safetensors::to_float32(output.name, entry);
      if (!theirs.ok()) return theirs.status();
      count = output.values.size();
      for (size_t i = 0; i < count; ++i) add(static_cast<double>(output.values[i]), static_cast<double>((*theirs)[i]));
      result.largest_error = worst == 0 ? 0 : worst / largest;
      result.within = worst <= options_.tolerance * largest;
    }
    result.psnr = 10 * std::log10(largest * largest * static_cast<double>(count) / squares);
    return result;
  }

  int report() const {
    bool within = true;
    int compared = 0;
    nlohmann::json lines = nlohmann::json::array();
    for (const Output& output : outputs_) {
      const TensorEntry* const entry = expected_.find(output.name);
      if (entry == nullptr) continue;
      const Result<Comparison> result = compare(output, *entry);
      if (!result.ok()) return complain(result.status());
      ++compared;
      within = within && result->within;
      const bool pixels = !output.bytes.empty();
      if (options_.json) {
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
    if (options_.json) std::cout << nlohmann::json{{"outputs", lines}, {"ok", within}}.dump() << std::endl;
    if (compared == 0 && options_.write.empty()) {
      return complain({StatusCode::kInvalidModel,
                       options_.expected + " holds no output to compare with; --write FILE would save ours"});
    }
    return within ? kDone : kFailed;
  }

  const Options& options_;
  ModelFolder model_;
  std::optional<MappedFile> file_;
  Safetensors expected_;
  std::optional<Stages> stages_;
  ThreadPool threads_;
  Arena arena_;
  Context context_;
  std::vector<Output> outputs_;
};

}  // namespace

Run add_verify(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("verify", "Run each network on given inputs and compare with given answers");
  command->add_option("MODEL", options->model, "A model folder; it needs no tokenizer")->required();
  command
      ->add_option("EXPECTED", options->expected,
                   "A safetensors file of inputs, and of the outputs that are to be compared")
      ->required();
  command->add_option("--write", options->write, "Save our outputs under the same names");
  command
      ->add_option("--tolerance", options->tolerance,
                   "Largest error allowed, of an output's largest value; pixels may differ by one")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--threads", options->threads, "Threads, 1 to 256")->capture_default_str();
  add_precision(*command, &options->precision);
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->footer(
      "Example:\n  mobilediffusion verify models/scenes models/scenes/expected.safetensors\n\nExits 1 where an output "
      "is too far.");
  return [options] {
    if (options->threads < 1 || options->threads > 256) {
      return complain(
          {StatusCode::kInvalidArgument, "--threads must be 1 to 256, not " + std::to_string(options->threads)});
    }
    return Verify(*options).run();
  };
}

}  // namespace mobilediffusion::cli
