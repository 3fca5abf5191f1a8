// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/stages.h"

#include <utility>

#include "kernels/elementwise.h"
#include "src/file_weights.h"
#include "src/noise.h"
#include "src/precision.h"
#include "src/schedule.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

// One network out of its file. The file is closed, and its pages dropped, when the weights have been packed.
template <typename Network, typename Config>
Status load_network(const std::string& path, const char* name, Precision precision, const Config& config,
                    std::unique_ptr<Network>* network) {
  Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(path);
  if (!weights.ok()) return weights.status();
  *network = std::make_unique<Network>(Scope(**weights, name, kernel_precision(precision)), config);
  return (*weights)->status();
}

template <typename Network, typename Config>
std::unique_ptr<Network> describe_network(const char* name, const Config& config) {
  ManifestWeights weights;
  return std::make_unique<Network>(Scope(weights, name, kernels::Precision::kFloat32), config);
}

void require_finite(Context& context, const Tensor& x, const char* what) {
  if (!kernels::all_finite(context, x))
    context.fail(Status(StatusCode::kNonFinite, std::string("a NaN or an infinity came out of ") + what));
}

std::span<float> values(Tensor& x) { return {x.data(), static_cast<size_t>(x.shape().elements())}; }
std::span<const float> values(const Tensor& x) { return {x.data(), static_cast<size_t>(x.shape().elements())}; }

}  // namespace

Result<Stages> Stages::load(const ModelFolder& model, Precision precision) {
  Stages stages;
  Status status =
      load_network(model.text_encoder_weights(), "text_encoder", precision, model.text_encoder, &stages.text_encoder_);
  if (status.ok()) status = load_network(model.unet_weights(), "unet", precision, model.unet, &stages.unet_);
  if (status.ok())
    status = load_network(model.decoder_weights(), "decoder", precision, model.decoder, &stages.decoder_);
  if (!status.ok()) return status;
  stages.scaling_factor_ = model.decoder.scaling_factor;
  return stages;
}

Stages Stages::describe(const ModelFolder& model) {
  Stages stages;
  stages.text_encoder_ = describe_network<TextEncoder>("text_encoder", model.text_encoder);
  stages.unet_ = describe_network<UNet>("unet", model.unet);
  stages.decoder_ = describe_network<Decoder>("decoder", model.decoder);
  stages.scaling_factor_ = model.decoder.scaling_factor;
  return stages;
}

Tensor Stages::encode(Context& context, std::span<const int> ids) const {
  Tensor hidden = (*text_encoder_)(context, ids);
  require_finite(context, hidden, "the text encoder");
  return hidden;
}

void Stages::denoise(Context& context, Tensor& latents, const Sampler& sampler,
                     const Conditioning& conditioning) const {
  for (int i = 0; i < sampler.steps() && context.ok(); ++i) {
    const auto timestep = static_cast<float>(sampler.timesteps()[static_cast<size_t>(i)]);
    Tensor output = (*unet_)(context, latents, timestep, conditioning.text);
    if (conditioning.guidance != 1.0f && conditioning.negative != nullptr) {
      const Tensor unconditional = (*unet_)(context, latents, timestep, *conditioning.negative);
      if (context.computes())
        apply_guidance(values(unconditional), values(output), conditioning.guidance, values(output));
    }
    require_finite(context, output, "the UNet");
    if (!context.computes()) continue;

    Tensor noise;
    if (sampler.needs_noise(i)) {
      noise = context.make(latents.shape());
      std::vector<float> fresh(static_cast<size_t>(latents.shape().elements()));
      fill_normal(conditioning.seed, static_cast<uint64_t>(i) + 1, 0, fresh);
      if (!context.ok()) return;
      to_channels_last(fresh, noise);
    }
    sampler.step(i, values(std::as_const(output)), values(latents), values(std::as_const(noise)));
  }
  require_finite(context, latents, "the sampler");
}

Tensor Stages::decode(Context& context, const Tensor& x0) const {
  Tensor scaled = context.make(x0.shape());
  if (context.computes()) {
    for (int64_t i = 0; i < x0.shape().elements(); ++i) scaled.data()[i] = x0.data()[i] / scaling_factor_;
  }
  Tensor picture = (*decoder_)(context, scaled);
  require_finite(context, picture, "the decoder");
  return picture;
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
