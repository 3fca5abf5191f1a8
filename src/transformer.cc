// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/transformer.h"

#include "kernels/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

kernels::AttentionSpec attention_spec(const TransformerSpec& spec) {
  return {.heads = spec.width / spec.head_dim,
          .weights = spec.kind == AttentionKind::kRelu ? kernels::AttentionWeights::kRelu
                                                       : kernels::AttentionWeights::kSoftmax};
}

}  // namespace

SharedKeyValueAttention::SharedKeyValueAttention(const Scope& at, const TransformerSpec& spec, int context_width)
    : to_q_(bind_linear(at / "to_q", {.in = spec.width, .out = spec.width, .bias = false})),
      to_kv_(bind_linear(at / "to_kv", {.in = context_width, .out = spec.width, .bias = false})),
      to_out_(bind_linear(at / "to_out.0", {.in = spec.width, .out = spec.width})),
      attention_(at.name(), attention_spec(spec), at.status()) {}

Tensor SharedKeyValueAttention::operator()(Context& context, const Tensor& x, const Tensor& source) const {
  const Tensor keys_and_values = to_kv_(context, source);
  return to_out_(context, attention_(context, to_q_(context, x), keys_and_values, keys_and_values));
}

TransformerBlock::TransformerBlock(const Scope& at, const TransformerSpec& spec)
    : name_(at.name()),
      norm2_(bind_layer_norm(at / "norm2", spec.width, 1e-5f)),
      attn2_(at / "attn2", spec, spec.context_width),
      norm3_(bind_layer_norm(at / "norm3", spec.width, 1e-5f)),
      ff_proj_(bind_linear(at / "ff.proj", {.in = spec.width, .out = spec.feed_forward_ratio * spec.width})),
      ff_out_(bind_linear(at / "ff.out", {.in = spec.feed_forward_ratio * spec.width / 2, .out = spec.width})) {
  if (spec.self_attention) {
    self_.emplace(SelfAttention{bind_layer_norm(at / "norm1", spec.width, 1e-5f), {at / "attn1", spec, spec.width}});
  }
}

void TransformerBlock::operator()(Context& context, Tensor& x, const Tensor& text) const {
  if (self_) {
    const Tensor normed = self_->norm(context, x, self_->attention.input_format());
    kernels::add(context, name_, x, self_->attention(context, normed, normed));
  }
  kernels::add(context, name_, x, attn2_(context, norm2_(context, x, attn2_.input_format()), text));
  kernels::add(context, name_, x,
               ff_out_(context, kernels::gated_silu(context, name_,
                                                    ff_proj_(context, norm3_(context, x, ff_proj_.input_format())),
                                                    ff_out_.input_format())));
}

Transformer::Transformer(const Scope& at, const TransformerSpec& spec)
    : name_(at.name()),
      norm_(bind_group_norm(at / "norm", spec.width, spec.groups, 1e-6f)),
      proj_in_(bind_linear(at / "proj_in", {.in = spec.width, .out = spec.width})),
      proj_out_(bind_linear(at / "proj_out", {.in = spec.width, .out = spec.width})) {
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
