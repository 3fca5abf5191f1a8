// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/transformer.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

kernels::AttentionSpec attention_spec(const TransformerSpec& spec) {
  return {.heads = spec.heads,
          .weights = spec.kind == AttentionKind::kRelu ? kernels::AttentionWeights::kRelu
                                                       : kernels::AttentionWeights::kSoftmax};
}

LinearStorage storage(const TransformerSpec& spec) {
  return spec.convolution_projections ? LinearStorage::kConvolution : LinearStorage::kMatrix;
}

}  // namespace

ProjectedAttention::ProjectedAttention(const Scope& at, const TransformerSpec& spec, int context_width)
    : to_q_(bind_linear(at / "to_q", {.in = spec.width(), .out = spec.width(), .bias = false})),
      to_k_(bind_linear(at / (spec.shared_key_value ? "to_kv" : "to_k"),
                        {.in = context_width, .out = spec.width(), .bias = false})),
      to_v_(spec.shared_key_value
                ? std::nullopt
                : std::optional(bind_linear(at / "to_v", {.in = context_width, .out = spec.width(), .bias = false}))),
      to_out_(bind_linear(at / "to_out.0", {.in = spec.width(), .out = spec.width()})),
      attention_(at.name(), attention_spec(spec), at.packing().precision) {}

Tensor ProjectedAttention::operator()(Context& context, const Tensor& x, const Tensor& source) const {
  const Tensor keys = to_k_(context, source);
  if (!to_v_) return to_out_(context, attention_(context, to_q_(context, x), keys, keys));
  const Tensor values = (*to_v_)(context, source);
  return to_out_(context, attention_(context, to_q_(context, x), keys, values));
}

TransformerBlock::TransformerBlock(const Scope& at, const TransformerSpec& spec)
    : name_(at.name()),
      gate_(spec.gate == FeedForwardGate::kGelu ? kernels::Activation::kGelu : kernels::Activation::kSilu),
      only_cross_attention_(spec.only_cross_attention),
      norm2_(bind_layer_norm(at / "norm2", spec.width(), 1e-5f)),
      attn2_(at / "attn2", spec, spec.context_width),
      norm3_(bind_layer_norm(at / "norm3", spec.width(), 1e-5f)),
      ff_proj_(bind_linear(at / spec.names.feed_forward_in,
                           {.in = spec.width(), .out = spec.feed_forward_ratio * spec.width()})),
      ff_out_(bind_linear(at / spec.names.feed_forward_out,
                          {.in = spec.feed_forward_ratio * spec.width() / 2, .out = spec.width()})) {
  if (spec.self_attention) {
    const int source_width = spec.only_cross_attention ? spec.context_width : spec.width();
    self_.emplace(
        SelfAttention{bind_layer_norm(at / "norm1", spec.width(), 1e-5f), {at / "attn1", spec, source_width}});
  }
}

void TransformerBlock::operator()(Context& context, Tensor& x, const Tensor& text) const {
  if (self_) {
    const Tensor normed = self_->norm(context, x, self_->attention.input_format());
    kernels::add(context, name_, x, self_->attention(context, normed, only_cross_attention_ ? text : normed));
  }
  kernels::add(context, name_, x, attn2_(context, norm2_(context, x, attn2_.input_format()), text));
  kernels::add(context, name_, x,
               ff_out_(context, kernels::gated(context, name_, gate_,
                                               ff_proj_(context, norm3_(context, x, ff_proj_.input_format())),
                                               ff_out_.input_format())));
}

Transformer::Transformer(const Scope& at, const TransformerSpec& spec)
    : name_(at.name()),
      norm_(bind_group_norm(at / "norm", spec.channels, spec.groups, 1e-6f)),
      proj_in_(bind_linear(at / "proj_in", {.in = spec.channels, .out = spec.width()}, storage(spec))),
      proj_out_(bind_linear(at / "proj_out", {.in = spec.width(), .out = spec.channels}, storage(spec))) {
  for (int i = 0; i < spec.layers; ++i) blocks_.emplace_back(at / "transformer_blocks" / i, spec);
}

void Transformer::operator()(Context& context, Tensor& x, const Tensor& text) const {
  Tensor tokens = proj_in_(context, norm_(context, x, kernels::Fused::kNone, proj_in_.input_format()));
  for (const TransformerBlock& block : blocks_) {
    block(context, tokens, text);
    context.block_done();
  }
  kernels::add(context, name_, x, proj_out_(context, tokens));
}

}  // namespace mobilediffusion
