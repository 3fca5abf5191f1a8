// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator computes in: a parameter of the operator, so that a layer can differ from its neighbours.
//
// float16 is IEEE 754 binary16: weights, activations and, as the processor has it, the sums within an operator; what
// lies between operators is computed in float32 and stored in half.
//
// int8 is dynamic: weights are quantised by output channel, symmetrically, when they are packed; activations when they
// come, each picture or each row to its own range (Jacob et al., 2018, for the arithmetic). Accumulation is exact, and
// its results are stored in half where XNNPACK can.
#pragma once

#include <vector>

namespace mobilediffusion::kernels {

enum class Precision { kFloat32, kFloat16, kInt8 };

// Whether XNNPACK has half-precision operators for this processor that answer right.
bool computes_float16();

// The most output channels that a half-precision product of XNNPACK may have to be right: its version of 2024-11-08
// stores the second half of a full tile of 64 in the wrong place where the processor has AVX512-FP16. Found out by
// trying. 0: none.
int float16_outputs_at_once();

// What int8 operators write, and what those beside them compute in that are not worth quantising for: float16 where
// XNNPACK has both for this processor, which halves what an activation takes, else float32.
Precision beside_int8();

// Output channels [begin, end) of an operator that is run in parts.
struct OutputRange {
  int begin, end;
};

// The parts, as even as they can be, of a product with that many outputs.
std::vector<OutputRange> float16_parts(int outputs);

}  // namespace mobilediffusion::kernels
