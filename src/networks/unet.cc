// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/unet.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>

#include "kernels/elementwise/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

// One that attends to the picture and to the text.
TransformerSpec transformer_spec(const UNetConfig& config, int channels, int heads, int layers) {
  return {.channels = channels,
          .context_width = config.cross_attention_dim,
          .heads = heads,
          .feed_forward_ratio = config.feed_forward_ratio,
          .kind = config.attention_kind,
          .gate = config.feed_forward_gate,
          .shared_key_value = config.shared_key_value,
          .convolution_projections = config.convolution_projections,
          .self_attention = true,
          .layers = layers,
          .groups = config.norm_num_groups,
          .names = config.names};
}

}  // namespace

UNet::UNet(const Scope& at, const UNetConfig& config)
    : time_channels_(config.levels.front().channels),
      cosines_first_(config.cosines_first),
      frequency_shift_(config.frequency_shift),
      skips_from_samplers_(config.skips_from_samplers),
      cond_proj_(
          config.time_cond_proj_dim > 0
              ? std::optional(bind_linear(sensitive(at) / "time_embedding.cond_proj",
                                          {.in = config.time_cond_proj_dim, .out = time_channels_, .bias = false}))
              : std::nullopt),
      time_linear_1_(bind_linear(sensitive(at) / "time_embedding.linear_1",
                                 {.in = time_channels_, .out = config.time_embedding_dim})),
      time_linear_2_(bind_linear(sensitive(at) / "time_embedding.linear_2",
                                 {.in = config.time_embedding_dim, .out = config.time_embedding_dim})),
      conv_in_(bind_conv2d(
          sensitive(at) / "conv_in",
          {.in_channels = config.in_channels, .out_channels = time_channels_, .kernel = config.conv_in_kernel})),
      conv_norm_out_(bind_group_norm(at / "conv_norm_out", time_channels_, config.norm_num_groups, config.norm_eps)),
      conv_out_(bind_conv2d(
          sensitive(at) / "conv_out",
          {.in_channels = time_channels_, .out_channels = config.out_channels, .kernel = config.conv_out_kernel})) {
  const auto resnet = [&](const Scope& scope, int in, int out, bool separable) {
    return Resnet(scope, {.in = in,
                          .out = out,
                          .groups = config.norm_num_groups,
                          .epsilon = config.norm_eps,
                          .time_width = config.time_embedding_dim,
                          .separable = separable});
  };
  const auto layer = [&](const Scope& block, int j, const UNetLevel& level, int in, int transformer_layers) {
    Layer made{resnet(block / "resnets" / j, in, level.channels, level.separable), std::nullopt};
    if (transformer_layers > 0) {
      TransformerSpec spec = transformer_spec(config, level.channels, level.heads, transformer_layers);
      spec.self_attention = level.self_attention;
      spec.only_cross_attention = level.only_cross_attention;
      made.attention.emplace(block / "attentions" / j, spec);
    }
    return made;
  };

  std::vector<int> skips;  // the widths of what the way down keeps for the way up
  int width = time_channels_;
  if (skips_from_samplers_) skips.push_back(width);
  const int levels = static_cast<int>(config.levels.size());
  for (int i = 0; i < levels; ++i) {
    const UNetLevel& level = config.levels[i];
    const Scope block = at / "down_blocks" / i;
    Level& made = down_.emplace_back();
    for (int j = 0; j < level.resnets; ++j) {
      made.layers.push_back(layer(block, j, level, width, level.transformer_layers));
      width = level.channels;
      skips.push_back(width);
    }
    if (level.downsample) {
      made.sampler =
          bind_conv2d(block / config.names.downsampler, {.in_channels = width, .out_channels = width, .stride = 2});
      if (skips_from_samplers_) skips.push_back(width);
    }
  }

  if (config.middle) {
    const UNetMiddle& middle = *config.middle;
    const Scope mid = at / "mid_block";
    mid_.emplace(MidBlock{
        resnet(mid / "resnets.0", width, width, middle.separable),
        Transformer(mid / "attentions.0", transformer_spec(config, width, middle.heads, middle.transformer_layers)),
        resnet(mid / "resnets.1", width, width, middle.separable)});
  }

  for (int i = levels - 1; i >= 0; --i) {
    const UNetLevel& level = config.levels[i];
    const Scope block = at / "up_blocks" / (levels - 1 - i);
    Level& made = up_.emplace_back();
    for (int j = 0; j < level.up_resnets; ++j) {
      made.layers.push_back(layer(block, j, level, width + skips.back(), level.up_transformer_layers));
      skips.pop_back();
      width = level.channels;
    }
    if (i > 0 && config.levels[i - 1].downsample) {
      made.sampler = bind_conv2d(block / config.names.upsampler,
                                 {.in_channels = width, .out_channels = width, .upsample_2x = true});
    }
  }
}

// A sinusoid of the timestep (Vaswani et al., 2017), through two linears. The result is already through the SiLU that
// every resnet applies to it.
Tensor UNet::time_embedding(Context& context, int64_t n, float timestep, std::span<const float> condition) const {
  Tensor wave = context.make({n, 1, 1, time_channels_});
  if (context.computes()) {
    const int half = time_channels_ / 2;
    const int cosine = cosines_first_ ? 0 : half, sine = half - cosine;
    for (int i = 0; i < half; ++i) {
      const float angle = timestep * std::exp(-std::log(10000.0f) * static_cast<float>(i) /
                                              static_cast<float>(half - frequency_shift_));
      for (int64_t picture = 0; picture < n; ++picture) {
        wave.data()[picture * time_channels_ + cosine + i] = std::cos(angle);
        wave.data()[picture * time_channels_ + sine + i] = std::sin(angle);
      }
    }
  }
  if (cond_proj_ && !condition.empty()) {
    const auto width = static_cast<int64_t>(condition.size());
    Tensor given = context.make({n, 1, 1, width});
    if (context.computes()) {
      for (int64_t picture = 0; picture < n; ++picture)
        std::copy(condition.begin(), condition.end(), given.data() + picture * width);
    }
    kernels::add(context, "unet.time_embedding", wave, (*cond_proj_)(context, given));
  }
  Tensor time = time_linear_1_(context, wave);
  kernels::activate(context, "unet.time_embedding", kernels::Activation::kSilu, time);
  time = time_linear_2_(context, time);
  kernels::activate(context, "unet.time_embedding", kernels::Activation::kSilu, time);
  return time;
}

Tensor UNet::run(Context& context, const Layer& layer, const Tensor& x, const Tensor& time, const Tensor& text) const {
  Tensor y = layer.resnet(context, x, &time);
  context.block_done();
  if (layer.attention) (*layer.attention)(context, y, text);
  return y;
}

Tensor UNet::operator()(Context& context, const Tensor& latents, float timestep, const Tensor& text,
                        std::span<const float> condition) const {
  const Tensor time = time_embedding(context, latents.shape().n, timestep, condition);

  std::deque<Tensor> kept;  // outputs on the way down, for their twins on the way up
  Tensor fresh = conv_in_(context, latents);
  const Tensor* x = &fresh;
  const auto keep = [&](Tensor output) {
    kept.push_back(std::move(output));
    fresh.reset();
    x = &kept.back();
  };
  if (skips_from_samplers_) keep(std::move(fresh));
  for (const Level& level : down_) {
    for (const Layer& layer : level.layers) keep(run(context, layer, *x, time, text));
    if (level.sampler) {
      fresh = (*level.sampler)(context, *x);
      x = &fresh;
      if (skips_from_samplers_) keep(std::move(fresh));
    }
  }

  Tensor y;
  if (mid_) {
    y = mid_->first(context, *x, &time);
    fresh.reset();
    mid_->attention(context, y, text);
    y = mid_->last(context, y, &time);
    context.block_done();
    x = &y;
  }

  for (const Level& level : up_) {
    for (const Layer& layer : level.layers) {
      const Tensor both = kernels::concatenate(context, "unet.up_blocks", *x, kept.back());
      kept.pop_back();
      y.reset();
      fresh.reset();
      y = run(context, layer, both, time, text);
      x = &y;
    }
    if (level.sampler) y = (*level.sampler)(context, y);
  }
  return conv_out_(context, conv_norm_out_(context, std::move(y), kernels::Fused::kSilu));
}

std::vector<float> guidance_embedding(float guidance, int width) {
  std::vector<float> wave(static_cast<size_t>(width));
  const int half = width / 2;
  for (int i = 0; i < half; ++i) {
    const float angle =
        1000.0f * guidance *
        std::exp(-std::log(10000.0f) * static_cast<float>(i) / static_cast<float>(std::max(1, half - 1)));
    wave[static_cast<size_t>(i)] = std::sin(angle);
    wave[static_cast<size_t>(half + i)] = std::cos(angle);
  }
  return wave;
}

}  // namespace mobilediffusion
