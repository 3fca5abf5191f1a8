// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstdint>

namespace mobilediffusion::kernels {

// A matrix (out, taps, in), to multiply rows by whose taps lie apart: a convolution's pixels.
struct TapMatrix {
  int64_t taps = 1, in = 0, out = 0;

  int64_t depth() const { return taps * in; }
  int64_t size() const { return out * depth(); }
};

}  // namespace mobilediffusion::kernels
