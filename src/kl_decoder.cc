// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/kl_decoder.h"

#include <utility>

#include "kernels/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

constexpr float kEpsilon = 1e-6f;

}  // namespace

KlDecoder::KlDecoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl)
    : conv_in_(bind_conv2d(sensitive(at) / "decoder.conv_in",
                           {.in_channels = config.latent_channels, .out_channels = kl.block_out_channels.back()})),
      conv_norm_out_(
          bind_group_norm(at / "decoder.conv_norm_out", kl.block_out_channels.front(), kl.norm_num_groups, kEpsilon)),
      conv_out_(bind_conv2d(sensitive(at) / "decoder.conv_out",
                            {.in_channels = kl.block_out_channels.front(), .out_channels = config.out_channels})) {
  const auto resnet = [&](const Scope& scope, int in, int out) {
    return Resnet(scope, {.in = in, .out = out, .groups = kl.norm_num_groups, .epsilon = kEpsilon});
  };
  if (kl.use_post_quant_conv) {
    post_quant_conv_ =
        bind_conv2d(sensitive(at) / "post_quant_conv",
                    {.in_channels = config.latent_channels, .out_channels = config.latent_channels, .kernel = 1});
  }

  int width = kl.block_out_channels.back();
  const Scope mid = at / "decoder.mid_block";
  for (int i = 0; i < 2; ++i) mid_resnets_.push_back(resnet(mid / "resnets" / i, width, width));
  if (kl.mid_block_add_attention) {
    const Scope attention = mid / "attentions.0";
    const bool old = attention.has("query.weight");  // what the library called them before its version 0.17
    const auto linear = [&](std::string_view name, std::string_view old_name) {
      return bind_linear(attention / (old ? old_name : name), {.in = width, .out = width});
    };
    mid_attention_.emplace(
        MidAttention{attention.name(), bind_group_norm(attention / "group_norm", width, kl.norm_num_groups, kEpsilon),
                     linear("to_q", "query"), linear("to_k", "key"), linear("to_v", "value"),
                     linear("to_out.0", "proj_attn"), kernels::Attention(attention.name(), {.heads = 1}, at.status())});
  }

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

void KlDecoder::MidAttention::operator()(Context& context, Tensor& x) const {
  const Tensor tokens = norm(context, x, kernels::Fused::kNone, to_q.input_format());
  const Tensor attended = attention(context, to_q(context, tokens), to_k(context, tokens), to_v(context, tokens));
  kernels::add(context, name, x, to_out(context, attended));
}

Tensor KlDecoder::operator()(Context& context, const Tensor& latents) const {
  Tensor x = post_quant_conv_ ? conv_in_(context, (*post_quant_conv_)(context, latents)) : conv_in_(context, latents);

  x = mid_resnets_[0](context, std::move(x), nullptr);
  if (mid_attention_) (*mid_attention_)(context, x);
  x = mid_resnets_[1](context, std::move(x), nullptr);
  context.block_done();

  for (const Level& level : levels_) {
    for (const Resnet& resnet : level.resnets) {
      x = resnet(context, std::move(x), nullptr);
      context.block_done();
    }
    if (level.upsampler) x = (*level.upsampler)(context, x);
  }
  return conv_out_(context, conv_norm_out_(context, std::move(x), kernels::Fused::kSilu));
}

}  // namespace mobilediffusion
