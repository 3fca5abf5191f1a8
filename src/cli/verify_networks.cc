// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/verify_networks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "src/images/pixels.h"
#include "src/sampling/noise_source.h"
#include "src/weights/tensor_values.h"

namespace mobilediffusion::cli {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::Shape;
using kernels::Tensor;
using kernels::ThreadPool;

class NetworkRun {
 public:
  NetworkRun(const ModelFolder& model, Stages& stages, const Safetensors& given, const std::string& origin, int threads)
      : model_(model), stages_(stages), given_(given), origin_(origin), threads_(threads), context_(threads_, arena_) {}

  Status compute() {
    Tensor own_text;
    if (given_.find("input_ids")) {
      const Result<std::vector<int>> ids = input_ids();
      if (!ids.ok()) return ids.status();
      own_text = stages_.encode(context_, *ids);
      if (!context_.ok()) return context_.status();
      keep("text_hidden", own_text, true);
    }
    if (given_.find("latents")) {
      Tensor latents;
      Status status = input("latents", model_.unet.in_channels, &latents);
      if (status.ok()) status = check_latent(latents);
      if (status.ok()) status = run_unet(latents, own_text);
      if (status.ok()) status = run_pipeline(std::move(latents), own_text);
      if (!status.ok()) return status;
    }
    if (given_.find("encoder_input")) {
      Tensor picture;
      Status status = input("encoder_input", 3, &picture);
      if (status.ok()) status = check_picture(picture);
      if (status.ok()) status = stages_.load_encoder();
      if (!status.ok()) return status;
      const Tensor latents = stages_.encoder()(context_, picture);
      if (!context_.ok()) return context_.status();
      keep("encoder_output", latents, false);
    }
    if (given_.find("decoder_input")) {
      Tensor latents;
      if (Status status = input("decoder_input", model_.decoder.latent_channels, &latents); !status.ok()) return status;
      const Tensor picture = stages_.decoder()(context_, latents);
      if (!context_.ok()) return context_.status();
      keep("decoder_output", picture, false);
    }
    return {};
  }

  std::vector<NetworkOutput> take_outputs() { return std::move(outputs_); }

 private:
  // A tensor of the file as an activation, its shape checked: (1, c, h, w), or (1, tokens, width) as (1, 1, tokens,
  // width).
  Status input(const std::string& name, int64_t channels, Tensor* to) {
    const TensorEntry& entry = *given_.find(name);
    Shape shape{.c = channels};
    const auto& s = entry.shape;
    const bool picture =
        s.size() == 4 && s[0] == 1 && s[1] == channels && s[2] > 0 && s[3] > 0 && s[2] <= 4096 && s[3] <= 4096;
    const bool tokens = s.size() == 3 && s[0] == 1 && s[2] == channels && s[1] > 0 && s[1] <= 1 << 14;
    if (picture) shape = {1, s[2], s[3], channels};
    if (tokens) shape = {1, 1, s[1], channels};
    if (!picture && !tokens) {
      return Status(StatusCode::kInvalidModel,
                    origin_ + ": " + name + " must be one picture of " + std::to_string(channels) +
                        " channels, or one sequence of that width; its shape is " + shown(s));
    }
    const Result<std::vector<float>> values = to_float32(name, entry);
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
                  origin_ + ": the sides of latents must be multiples of " + std::to_string(multiple) + ", not " +
                      std::to_string(latents.shape().w) + "x" + std::to_string(latents.shape().h));
  }

  Status check_picture(const Tensor& picture) const {
    const int multiple = model_.decoder.upscale();
    if (picture.shape().h % multiple == 0 && picture.shape().w % multiple == 0) return {};
    return Status(StatusCode::kInvalidModel,
                  origin_ + ": the sides of encoder_input must be multiples of " + std::to_string(multiple) + ", not " +
                      std::to_string(picture.shape().w) + "x" + std::to_string(picture.shape().h));
  }

  Result<std::vector<int>> input_ids() const {
    Result<std::vector<int>> ids = to_integers("input_ids", *given_.find("input_ids"));
    if (!ids.ok()) return Status(ids.status().code(), origin_ + ": " + ids.status().message());
    const int most = model_.text_encoder.max_position_embeddings, vocabulary = model_.text_encoder.vocab_size;
    if (ids->empty() || static_cast<int>(ids->size()) > most) {
      return Status(StatusCode::kInvalidModel, origin_ + ": input_ids must have 1 to " + std::to_string(most) +
                                                   " ids, not " + std::to_string(ids->size()));
    }
    for (const int id : *ids) {
      if (id < 0 || id >= vocabulary) {
        return Status(StatusCode::kInvalidModel, origin_ + ": input_ids holds " + std::to_string(id) +
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

  // The UNet by itself: at the file's timestep, with the file's text if it has one.
  Status run_unet(const Tensor& latents, const Tensor& own_text) {
    float timestep = static_cast<float>(model_.scheduler.timesteps.front());
    if (const TensorEntry* entry = given_.find("timestep")) {
      if (entry->dtype == "I64" || entry->dtype == "I32") {
        const Result<std::vector<int>> values = to_integers("timestep", *entry);
        if (!values.ok()) return values.status();
        if (!values->empty()) timestep = static_cast<float>(values->front());
      } else {
        const Result<std::vector<float>> values = to_float32("timestep", *entry);
        if (!values.ok()) return values.status();
        if (!values->empty()) timestep = values->front();
      }
    }
    Tensor given_text;
    if (given_.find("text_hidden")) {
      if (Status status = input("text_hidden", model_.unet.cross_attention_dim, &given_text); !status.ok())
        return status;
    }
    const Tensor& text = given_text.data() != nullptr ? given_text : own_text;
    if (text.data() == nullptr) return {};
    const Tensor output = stages_.unet()(context_, latents, timestep, text);
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
    stages_.denoise(context_, latents, **sampler, {.text = own_text, .noise = *noise});
    if (!context_.ok()) return context_.status();
    keep("x0", latents, false);
    const Tensor picture = stages_.decode(context_, latents);
    if (!context_.ok()) return context_.status();
    const Shape s = picture.shape();
    NetworkOutput rgb{"pipeline_rgb", {s.h, s.w, 3}, {}, std::vector<uint8_t>(static_cast<size_t>(s.elements()))};
    to_pixels({picture.data(), static_cast<size_t>(s.elements())}, static_cast<int>(s.w), static_cast<int>(s.h),
              PixelFormat::kRgb, rgb.bytes.data());
    outputs_.push_back(std::move(rgb));
    return {};
  }

  const ModelFolder& model_;
  Stages& stages_;
  const Safetensors& given_;
  const std::string& origin_;
  ThreadPool threads_;
  Arena arena_;
  Context context_;
  std::vector<NetworkOutput> outputs_;
};

}  // namespace

std::string shown(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t extent : shape) text += (text.empty() ? "(" : ", ") + std::to_string(extent);
  return text.empty() ? "()" : text + ")";
}

Result<std::vector<NetworkOutput>> run_networks(const ModelFolder& model, Stages& stages, const Safetensors& given,
                                                const std::string& origin, int threads) {
  NetworkRun run(model, stages, given, origin, threads);
  if (Status status = run.compute(); !status.ok()) return status;
  return run.take_outputs();
}

}  // namespace mobilediffusion::cli
