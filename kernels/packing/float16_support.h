// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which of XNNPACK's half-precision operators this processor has that answer right. Found out by trying, once a
// process.
#pragma once

#include <vector>

#include "kernels/runtime/format.h"
#include "kernels/runtime/precision.h"

namespace mobilediffusion::kernels {

// Whether there are any.
bool computes_float16();

// The most output channels that a half-precision product of XNNPACK may have to be right: its version of 2024-11-08
// stores the second half of a full tile of 64 in the wrong place where the processor has AVX512-FP16. 0: none.
int float16_outputs_at_once();

// The floating-point side of an int8 network: what int8 operators write their dequantised sums in, and what operators
// compute in that are not worth quantising for. float16 where XNNPACK has both for this processor and is as fast with
// it, which halves what an activation takes, else float32.
Precision dequantized_precision();

// What an operator writes that reads `input`: 8 bits are for operands alone.
inline Format output_format(Format input) {
  return is_quantized(input) ? format_of(dequantized_precision(), input) : input;
}

// Output channels [begin, end) of an operator that is run in parts.
struct OutputRange {
  int begin, end;
};

// The parts, as even as they can be, of a product with that many outputs.
std::vector<OutputRange> float16_parts(int outputs);

}  // namespace mobilediffusion::kernels
