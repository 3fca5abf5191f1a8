// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/kl_mid_block.h"

#include <utility>

#include "kernels/elementwise/elementwise.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

ResnetSpec spec_of(int width, const KlDecoderConfig& kl) {
  return {.in = width, .out = width, .groups = kl.norm_num_groups, .epsilon = kKlEpsilon};
}

}  // namespace

KlMidBlock::KlMidBlock(const Scope& at, int width, const KlDecoderConfig& kl)
    : first_(at / "resnets.0", spec_of(width, kl)), second_(at / "resnets.1", spec_of(width, kl)) {
  if (!kl.mid_block_add_attention) return;
  const Scope place = at / "attentions.0";
  const bool old = place.has("query.weight");  // what the library called them before its version 0.17
  const auto linear = [&](std::string_view name, std::string_view old_name) {
    return bind_linear(place / (old ? old_name : name), {.in = width, .out = width});
  };
  attention_.emplace(SelfAttention{
      place.name(), bind_group_norm(place / "group_norm", width, kl.norm_num_groups, kKlEpsilon),
      linear("to_q", "query"), linear("to_k", "key"), linear("to_v", "value"), linear("to_out.0", "proj_attn"),
      kernels::Attention(place.name(), {.heads = 1}, at.packing().precision)});
}

void KlMidBlock::SelfAttention::operator()(Context& context, Tensor& x) const {
  const Tensor tokens = norm(context, x, kernels::Fused::kNone, to_q.input_format());
  const Tensor attended = attention(context, to_q(context, tokens), to_k(context, tokens), to_v(context, tokens));
  kernels::add(context, name, x, to_out(context, attended));
}

Tensor KlMidBlock::operator()(Context& context, Tensor x) const {
  x = first_(context, std::move(x), nullptr);
  if (attention_) (*attention_)(context, x);
  return second_(context, std::move(x), nullptr);
}

}  // namespace mobilediffusion
