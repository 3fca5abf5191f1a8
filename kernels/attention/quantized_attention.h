// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Softmax attention by products in 8 bits: each head's keys and values are quantised and packed once
// (quantized_keys.h), and meet the queries some rows at a time. Worth it where there are many keys.
#pragma once

#include <string_view>

#include "kernels/attention/attention_spec.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// Into y, of the queries' shape; shapes and formats as Attention takes them. Softmax without causality alone. Part of
// the operator call `name` that has begun.
void quantized_attention(Context& context, std::string_view name, const AttentionSpec& spec, const Tensor& queries,
                         const Tensor& keys, const Tensor& values, Tensor& y);

}  // namespace mobilediffusion::kernels
