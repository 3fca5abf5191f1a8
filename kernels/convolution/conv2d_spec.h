// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a convolution is: its shape, without weights.
#pragma once

#include <cstdint>

#include "kernels/runtime/shape.h"

namespace mobilediffusion::kernels {

struct Conv2dSpec {
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 3;  // square
  int stride = 1;
  bool pad_before = true;    // false, of stride 2: zeros on the right and below alone
  bool depthwise = false;    // one group a channel; in_channels == out_channels
  bool upsample_2x = false;  // every pixel four times (nearest neighbour) first; of a 3x3 with stride 1

  int padding() const { return kernel / 2; }
  int padding_before() const { return pad_before ? padding() : 0; }
  int64_t out_extent(int64_t in) const {
    return upsample_2x ? 2 * in : (in + padding_before() + padding() - kernel) / stride + 1;
  }
  Shape out_shape(const Shape& in) const { return {in.n, out_extent(in.h), out_extent(in.w), out_channels}; }

  // By the definition; behind an upsampling fewer are run.
  int64_t macs(const Shape& in) const {
    return out_shape(in).elements() * kernel * kernel * (depthwise ? 1 : in_channels);
  }
};

}  // namespace mobilediffusion::kernels
