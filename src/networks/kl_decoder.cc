// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/kl_decoder.h"

#include <utility>

#include "kernels/convolution/banded_convolution.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

KlDecoder::KlDecoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl)
    : conv_in_(bind_conv2d(sensitive(at) / "decoder.conv_in",
                           {.in_channels = config.latent_channels, .out_channels = kl.block_out_channels.back()})),
      mid_(at / "decoder.mid_block", kl.block_out_channels.back(), kl),
      conv_norm_out_(
          bind_group_norm(at / "decoder.conv_norm_out", kl.block_out_channels.front(), kl.norm_num_groups, kKlEpsilon)),
      conv_out_(bind_conv2d(sensitive(at) / "decoder.conv_out",
                            {.in_channels = kl.block_out_channels.front(), .out_channels = config.out_channels})) {
  const auto resnet = [&](const Scope& scope, int in, int out) {
    return Resnet(scope, {.in = in, .out = out, .groups = kl.norm_num_groups, .epsilon = kKlEpsilon});
  };
  if (kl.use_post_quant_conv) {
    post_quant_conv_ =
        bind_conv2d(sensitive(at) / "post_quant_conv",
                    {.in_channels = config.latent_channels, .out_channels = config.latent_channels, .kernel = 1});
  }

  int width = kl.block_out_channels.back();
  const int levels = static_cast<int>(kl.block_out_channels.size());
  for (int i = 0; i < levels; ++i) {
    const Scope block = at / "decoder.up_blocks" / i;
    const int out = kl.block_out_channels[static_cast<size_t>(levels - 1 - i)];
    Level& level = levels_.emplace_back();
    for (int j = 0; j <= kl.layers_per_block; ++j) {
      level.resnets.push_back(resnet(block / "resnets" / j, width, out));
      width = out;
    }
    if (i + 1 < levels)
      level.upsampler =
          bind_conv2d(block / "upsamplers.0.conv", {.in_channels = width, .out_channels = width, .upsample_2x = true});
  }
}

Tensor KlDecoder::operator()(Context& context, const Tensor& latents) const {
  Tensor x = post_quant_conv_ ? conv_in_(context, (*post_quant_conv_)(context, latents)) : conv_in_(context, latents);

  x = mid_(context, std::move(x));
  context.block_done();

  for (const Level& level : levels_) {
    for (const Resnet& resnet : level.resnets) {
      x = resnet(context, std::move(x), nullptr);
      context.block_done();
    }
    if (level.upsampler) x = (*level.upsampler)(context, x);
  }
  return kernels::convolve_normalized(context, conv_norm_out_, kernels::Fused::kSilu, conv_out_, x, &x);
}

}  // namespace mobilediffusion
