// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Activations from one format to another: to 8 bits as they come, each picture or row to its own range.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// x, in float32 or float16, in another format. To 8 bits, a row's or a picture's least and greatest value, and zero,
// become -128 to 127.
Tensor convert(Context& context, std::string_view name, const Tensor& x, Format format);

// `size` values to 8 bits by the one range that they have together.
Quantization quantize_range(Context& context, Reading x, int64_t size, int8_t* to);

}  // namespace mobilediffusion::kernels
