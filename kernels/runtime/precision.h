// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator computes in: a parameter of the operator, so that a layer can differ from its neighbours.
//
// float16 is IEEE 754 binary16: weights, activations and, as the processor has it, the sums within an operator; what
// lies between operators is computed in float32 and stored in half. Where the processor has tiles of bfloat16 (AMX),
// what is multiplied is rounded to that, and sums are float32's: nearer to float32's results than sums of halves are.
//
// int8 is dynamic: weights are quantised by output channel, symmetrically, when they are packed; activations when they
// come, each picture or each row to its own range (Jacob et al., 2018, for the arithmetic). Accumulation is exact, and
// its results are stored in half where XNNPACK can (packing/float16_support.h).
//
// Where the processor multiplies halves or 8-bit numbers no faster than float32 (runtime/processor.h), weights alone
// are kept in them, and products are float32's (product/panel_product.h).
#pragma once

namespace mobilediffusion::kernels {

enum class Precision { kFloat32, kFloat16, kInt8 };

}  // namespace mobilediffusion::kernels
