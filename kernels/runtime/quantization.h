// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What 8 bits stand for.
#pragma once

#include <cstdint>

namespace mobilediffusion::kernels {

// How an 8-bit value is read: (value - zero_point) * scale. Laid out as XNNPACK wants it.
struct Quantization {
  int32_t zero_point;
  float scale;
};

// The quantization that covers a range of values, zero included, which it represents exactly. Of a range that is not
// finite the scale is NaN, so that whatever is computed with it says so.
Quantization quantization_of(float least, float greatest);

}  // namespace mobilediffusion::kernels
