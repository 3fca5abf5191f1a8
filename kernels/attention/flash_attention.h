// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Attention in float32 that never holds a head's scores whole: a few queries meet the keys block by block, and what was
// summed for them is scaled down whenever a larger score turns up (FlashAttention: Dao et al., 2022 and 2023). A block,
// its scores and its sums stay in a core's own cache.
#pragma once

#include <string_view>

#include "kernels/attention/attention_spec.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// Into y, of the queries' shape; shapes and formats as Attention takes them. Part of the operator call `name` that has
// begun.
void flash_attention(Context& context, std::string_view name, const AttentionSpec& spec, const Tensor& queries,
                     const Tensor& keys, const Tensor& values, Tensor& y);

}  // namespace mobilediffusion::kernels
