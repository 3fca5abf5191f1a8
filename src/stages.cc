// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/stages.h"

#include <utility>

#include "kernels/elementwise/elementwise.h"
#include "src/features/features.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

void require_finite(Context& context, const Tensor& x, const char* what) {
  if (!kernels::all_finite(context, x))
    context.fail(Status(StatusCode::kNonFinite, std::string("a NaN or an infinity came out of ") + what));
}

std::span<float> values(Tensor& x) { return {x.data(), static_cast<size_t>(x.shape().elements())}; }
std::span<const float> values(const Tensor& x) { return {x.data(), static_cast<size_t>(x.shape().elements())}; }

Tensor scaled(Context& context, const Tensor& x, float factor) {
  Tensor y = context.make(x.shape());
  if (!context.computes()) return y;
  for (int64_t i = 0; i < x.shape().elements(); ++i) y.data()[i] = factor * x.data()[i];
  return y;
}

}  // namespace

Stages::Stages(const ModelFolder& model)
    : text_encoder_("text_encoder", model.text_encoder_weights(), model.text_encoder),
      unet_("unet", model.unet_weights(), model.unet),
      decoder_("decoder", model.decoder_weights(), model.decoder),
      encoder_("encoder", model.decoder_weights(), model.decoder),
      scaling_factor_(model.decoder.scaling_factor),
      shift_factor_(model.decoder.shift_factor),
      guidance_width_(model.unet.time_cond_proj_dim) {}

Result<Stages> Stages::load(const ModelFolder& model, NetworkLoading loading) {
  Stages stages(model);
  stages.loading_ = std::move(loading);
  if (!stages.loading_.wanted_loras.empty()) {
    auto text_encoder = stages.text_encoder_.tensors();
    if (!text_encoder.ok()) return text_encoder.status();
    auto unet = stages.unet_.tensors();
    if (!unet.ok()) return unet.status();
    Result<std::shared_ptr<const Loras>> loras =
        Loras::open(stages.loading_.wanted_loras,
                    {{"text_encoder", std::move(*text_encoder)}, {"unet", std::move(*unet)}}, model.path.string());
    if (!loras.ok()) return loras.status();
    stages.loading_.loras = std::move(*loras);
  }
  if (model.decoder.force_upcast && stages.loading_.precision != kernels::Precision::kFloat32)
    stages.loading_.warn("the autoencoder's config.json asks for float32 (force_upcast): it is computed in that");
  const auto load = [&](auto& slot) {
    return stages.loading_.memory == MemoryUse::kStream ? slot.check() : slot.load(stages.loading_);
  };
  Status status = load(stages.text_encoder_);
  if (status.ok()) status = load(stages.unet_);
  if (status.ok()) status = load(stages.decoder_);
  if (!status.ok()) return status;
  return stages;
}

Stages Stages::describe(const ModelFolder& model) {
  Stages stages(model);
  stages.text_encoder_.describe();
  stages.unet_.describe();
  stages.decoder_.describe();
  if constexpr (features::kImageToImage) stages.encoder_.describe();
  return stages;
}

template <typename Slot>
bool Stages::ensure_loaded(Context& context, Slot& slot) {
  if (!context.ok()) return false;
  if (Status status = slot.load(loading_, context.cancel_flag()); !status.ok()) context.fail(std::move(status));
  return context.ok();
}

void Stages::end(Stage stage) {
  if (loading_.memory == MemoryUse::kKeep) return;
  switch (stage) {
    case Stage::kText:
      return text_encoder_.drop();
    case Stage::kUNet:
      return unet_.drop();
    case Stage::kDecoder:
      return decoder_.drop();
    case Stage::kEncoder:
      return encoder_.drop();
  }
}

Tensor Stages::encode(Context& context, std::span<const int> ids) {
  if (!ensure_loaded(context, text_encoder_)) return {};
  Tensor hidden = (*text_encoder_)(context, ids);
  require_finite(context, hidden, "the text encoder");
  return hidden;
}

void Stages::denoise(Context& context, Tensor& latents, const Sampler& sampler, const Conditioning& conditioning) {
  if (!ensure_loaded(context, unet_)) return;
  std::vector<float> guidance;
  if (guidance_width_ > 0) guidance = guidance_embedding(conditioning.guidance - 1, guidance_width_);
  SamplerState state;
  for (int i = conditioning.start; i < sampler.runs() && context.ok(); ++i) {
    const float timestep = sampler.timesteps()[static_cast<size_t>(i)];
    const float factor = sampler.input_scale(i);
    const Tensor other = factor != 1.0f ? scaled(context, latents, factor) : Tensor();
    const Tensor& input = factor != 1.0f ? other : latents;
    Tensor output = (*unet_)(context, input, timestep, conditioning.text, guidance);
    if (conditioning.negative != nullptr) {
      const Tensor unconditional = (*unet_)(context, input, timestep, *conditioning.negative);
      if (context.computes())
        apply_guidance(values(unconditional), values(output), conditioning.guidance, values(output));
    }
    require_finite(context, output, "the UNet");
    if (!context.computes()) continue;

    Tensor noise;
    if (sampler.needs_noise(i)) {
      noise = context.make(latents.shape());
      std::vector<float> fresh(static_cast<size_t>(latents.shape().elements()));
      conditioning.noise.draw(static_cast<uint64_t>(i) + 1, fresh);
      if (!context.ok()) return;
      to_channels_last(fresh, noise);
    }
    sampler.step(i, values(std::as_const(output)), values(latents), values(std::as_const(noise)), state);
  }
  require_finite(context, latents, "the sampler");
}

Tensor Stages::decode(Context& context, const Tensor& x0) {
  if (!ensure_loaded(context, decoder_)) return {};
  Tensor scaled = context.make(x0.shape());
  if (context.computes()) {
    for (int64_t i = 0; i < x0.shape().elements(); ++i)
      scaled.data()[i] = x0.data()[i] / scaling_factor_ + shift_factor_;
  }
  Tensor picture = (*decoder_)(context, scaled);
  require_finite(context, picture, "the decoder");
  return picture;
}

void Stages::drop() {
  text_encoder_.drop();
  unet_.drop();
  decoder_.drop();
  encoder_.drop();
}

Status Stages::load_encoder(const kernels::CancelFlag& cancel) {
  if constexpr (!features::kImageToImage) return features::missing("encoders of pictures");
  Status loaded = encoder_.load(loading_, cancel);
  if (loaded.code() == StatusCode::kInvalidModel)
    loaded = Status(StatusCode::kUnsupported, "this model has no encoder to begin with a picture: " + loaded.message());
  return loaded;
}

Tensor Stages::encode_picture(Context& context, const Tensor& picture) {
  if (!context.ok()) return {};
  if (Status loaded = load_encoder(context.cancel_flag()); !loaded.ok()) {
    context.fail(std::move(loaded));
    return {};
  }
  if constexpr (!features::kImageToImage) return {};
  Tensor x0 = (*encoder_)(context, picture);
  if (context.computes()) {
    for (float& value : values(x0)) value = (value - shift_factor_) * scaling_factor_;
  }
  require_finite(context, x0, "the encoder");
  return x0;
}

void scale(Tensor& x, float factor) {
  for (float& value : values(x)) value *= factor;
}

void to_channels_last(std::span<const float> from, Tensor& to) {
  const int64_t pixels = to.shape().pixels(), channels = to.shape().c;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) to.data()[p * channels + c] = from[static_cast<size_t>(c * pixels + p)];
  }
}

std::vector<float> to_channels_first(const Tensor& from) {
  const int64_t pixels = from.shape().pixels(), channels = from.shape().c;
  std::vector<float> to(static_cast<size_t>(pixels * channels));
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) to[static_cast<size_t>(c * pixels + p)] = from.data()[p * channels + c];
  }
  return to;
}

}  // namespace mobilediffusion
