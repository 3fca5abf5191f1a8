// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/unet.h"

#include <cmath>
#include <deque>
#include <utility>

#include "kernels/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

constexpr float kResnetEpsilon = 1e-5f;

TransformerSpec transformer_spec(const UNetConfig& config, int width, int layers, bool self_attention) {
  return {.width = width,
          .context_width = config.cross_attention_dim,
          .head_dim = config.attention_head_dim,
          .feed_forward_ratio = config.feed_forward_ratio,
          .kind = config.attention_kind,
          .self_attention = self_attention,
          .layers = layers,
          .groups = config.norm_num_groups};
}

}  // namespace

UNet::UNet(const Scope& at, const UNetConfig& config)
    : time_channels_(config.levels.front().channels),
      time_linear_1_(
          bind_linear(sensitive(at) / "time_embedding.linear_1", {.in = time_channels_, .out = 4 * time_channels_})),
      time_linear_2_(bind_linear(sensitive(at) / "time_embedding.linear_2",
                                 {.in = 4 * time_channels_, .out = 4 * time_channels_})),
      conv_in_(
          bind_conv2d(sensitive(at) / "conv_in", {.in_channels = config.in_channels, .out_channels = time_channels_})),
      conv_norm_out_(bind_group_norm(at / "conv_norm_out", time_channels_, config.norm_num_groups, kResnetEpsilon)),
      conv_out_(bind_conv2d(sensitive(at) / "conv_out",
                            {.in_channels = time_channels_, .out_channels = config.out_channels})) {
  const auto resnet = [&](const Scope& scope, int in, int out, bool separable) {
    return Resnet(scope, {.in = in,
                          .out = out,
                          .groups = config.norm_num_groups,
                          .epsilon = kResnetEpsilon,
                          .time_width = 4 * time_channels_,
                          .separable = separable});
  };
  const auto layer = [&](const Scope& block, int j, const UNetLevel& level, int in) {
    Layer made{resnet(block / "resnets" / j, in, level.channels, level.separable), std::nullopt};
    if (level.transformer_layers > 0) {
      made.attention.emplace(block / "attentions" / j,
                             transformer_spec(config, level.channels, level.transformer_layers, level.self_attention));
    }
    return made;
  };

  std::vector<int> skips;  // the widths of what the way down keeps for the way up
  int width = time_channels_;
  const int levels = static_cast<int>(config.levels.size());
  for (int i = 0; i < levels; ++i) {
    const UNetLevel& level = config.levels[i];
    const Scope block = at / "down_blocks" / i;
    Level& made = down_.emplace_back();
    for (int j = 0; j < level.resnets; ++j) {
      made.layers.push_back(layer(block, j, level, width));
      width = level.channels;
      skips.push_back(width);
    }
    if (level.downsample) {
      made.sampler = bind_conv2d(block / "downsampler", {.in_channels = width, .out_channels = width, .stride = 2});
    }
  }

  const Scope mid = at / "mid_block";
  mid_.emplace(
      MidBlock{resnet(mid / "resnets.0", width, width, config.mid_separable),
               Transformer(mid / "attentions.0", transformer_spec(config, width, config.mid_transformer_layers, true)),
               resnet(mid / "resnets.1", width, width, config.mid_separable)});

  for (int i = levels - 1; i >= 0; --i) {
    const UNetLevel& level = config.levels[i];
    const Scope block = at / "up_blocks" / (levels - 1 - i);
    Level& made = up_.emplace_back();
    for (int j = 0; j < level.resnets; ++j) {
      made.layers.push_back(layer(block, j, level, width + skips.back()));
      skips.pop_back();
      width = level.channels;
    }
    if (i > 0 && config.levels[i - 1].downsample) {
      made.sampler =
          bind_conv2d(block / "upsampler", {.in_channels = width, .out_channels = width, .upsample_2x = true});
    }
  }
}

// A sinusoid of the timestep, cosines first (Vaswani et al., 2017), through two linears. The result is already through
// the SiLU that every resnet applies to it.
Tensor UNet::time_embedding(Context& context, int64_t n, float timestep) const {
  Tensor wave = context.make({n, 1, 1, time_channels_});
  if (context.computes()) {
    const int half = time_channels_ / 2;
    for (int i = 0; i < half; ++i) {
      const float angle = timestep * std::exp(-std::log(10000.0f) * static_cast<float>(i) / static_cast<float>(half));
      for (int64_t picture = 0; picture < n; ++picture) {
        wave.data()[picture * time_channels_ + i] = std::cos(angle);
        wave.data()[picture * time_channels_ + half + i] = std::sin(angle);
      }
    }
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

Tensor UNet::operator()(Context& context, const Tensor& latents, float timestep, const Tensor& text) const {
  const Tensor time = time_embedding(context, latents.shape().n, timestep);

  std::deque<Tensor> kept;  // every layer's output on the way down, for its twin on the way up
  Tensor fresh = conv_in_(context, latents);
  const Tensor* x = &fresh;
  for (const Level& level : down_) {
    for (const Layer& layer : level.layers) {
      kept.push_back(run(context, layer, *x, time, text));
      fresh.reset();
      x = &kept.back();
    }
    if (level.sampler) {
      fresh = (*level.sampler)(context, *x);
      x = &fresh;
    }
  }

  Tensor y = mid_->first(context, *x, &time);
  fresh.reset();
  mid_->attention(context, y, text);
  y = mid_->last(context, y, &time);
  context.block_done();

  for (const Level& level : up_) {
    for (const Layer& layer : level.layers) {
      const Tensor both = kernels::concatenate(context, "unet.up_blocks", y, kept.back());
      kept.pop_back();
      y.reset();
      y = run(context, layer, both, time, text);
    }
    if (level.sampler) y = (*level.sampler)(context, y);
  }
  return conv_out_(context, conv_norm_out_(context, y, kernels::Fused::kSilu));
}

}  // namespace mobilediffusion
