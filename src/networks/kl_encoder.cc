// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/kl_encoder.h"

#include <algorithm>
#include <utility>

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

KlEncoder::KlEncoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl)
    : latent_channels_(config.latent_channels),
      conv_in_(bind_conv2d(sensitive(at) / "encoder.conv_in",
                           {.in_channels = config.out_channels, .out_channels = kl.block_out_channels.front()})),
      mid_(at / "encoder.mid_block", kl.block_out_channels.back(), kl),
      conv_norm_out_(
          bind_group_norm(at / "encoder.conv_norm_out", kl.block_out_channels.back(), kl.norm_num_groups, kKlEpsilon)),
      conv_out_(bind_conv2d(sensitive(at) / "encoder.conv_out", {.in_channels = kl.block_out_channels.back(),
                                                                 .out_channels = 2 * config.latent_channels})) {
  int width = kl.block_out_channels.front();
  for (size_t i = 0; i < kl.block_out_channels.size(); ++i) {
    const Scope block = at / "encoder.down_blocks" / static_cast<int>(i);
    const int out = kl.block_out_channels[i];
    Level& level = levels_.emplace_back();
    for (int j = 0; j < kl.layers_per_block; ++j) {
      level.resnets.emplace_back(
          block / "resnets" / j,
          ResnetSpec{.in = width, .out = out, .groups = kl.norm_num_groups, .epsilon = kKlEpsilon});
      width = out;
    }
    if (i + 1 < kl.block_out_channels.size()) {
      level.downsampler = bind_conv2d(block / "downsamplers.0.conv",
                                      {.in_channels = width, .out_channels = width, .stride = 2, .pad_before = false});
    }
  }
  if (kl.use_quant_conv) {
    quant_conv_ = bind_conv2d(
        sensitive(at) / "quant_conv",
        {.in_channels = 2 * config.latent_channels, .out_channels = 2 * config.latent_channels, .kernel = 1});
  }
}

Tensor KlEncoder::operator()(Context& context, const Tensor& picture) const {
  Tensor x = conv_in_(context, picture);
  for (const Level& level : levels_) {
    for (const Resnet& resnet : level.resnets) {
      x = resnet(context, std::move(x), nullptr);
      context.block_done();
    }
    if (level.downsampler) x = (*level.downsampler)(context, x);
  }
  x = mid_(context, std::move(x));
  context.block_done();
  x = conv_out_(context, conv_norm_out_(context, x, kernels::Fused::kSilu));
  if (quant_conv_) x = (*quant_conv_)(context, x);

  // Of a normal distribution for each value the mean: the first half of the channels.
  Tensor mean = context.make({x.shape().n, x.shape().h, x.shape().w, latent_channels_});
  if (context.computes()) {
    for (int64_t row = 0; row < mean.shape().rows(); ++row)
      std::copy_n(x.data() + row * x.shape().c, latent_channels_, mean.data() + row * latent_channels_);
  }
  return mean;
}

}  // namespace mobilediffusion
