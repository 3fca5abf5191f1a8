// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Floating point to 8 bits: weights once, by output channel; activations as they come, each picture or row to its own
// range.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// x, in float32 or float16, in another format. To 8 bits, a row's or a picture's least and greatest value, and zero,
// become -128 to 127.
Tensor convert(Context& context, std::string_view name, const Tensor& x, Format format);

// `size` values to 8 bits by the one range that they have together.
Quantization quantize_range(Context& context, Reading x, int64_t size, int8_t* to);

// The quantization that covers a range of values, zero included, which it represents exactly. Of a range that is not
// finite the scale is NaN, so that whatever is computed with it says so.
Quantization quantization_of(float least, float greatest);

// A weight of `rows` output channels, (rows, size), symmetric: value = quantized * scale of its row.
struct QuantizedWeight {
  std::vector<int8_t> values;
  std::vector<float> scales;
};
QuantizedWeight quantize_weight(const std::vector<float>& weight, int64_t rows);

}  // namespace mobilediffusion::kernels
