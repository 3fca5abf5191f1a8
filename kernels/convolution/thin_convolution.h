// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A 3x3 convolution to few channels, in float32: a network's last, to pixels or latents. A matrix product would fill
// its tiles of output channels with nothing; here each output is a sum over three runs of neighbouring values, one a
// row, whose lanes are added up at its end.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/convolution/conv2d.h"

namespace mobilediffusion::kernels {

// Of a picture of `width` pixels of `in` values: the three rows around an output row, null outside the picture.
struct Neighbours {
  const float* rows[3];
  size_t width, in;
};

class ThinConvolution {
 public:
  // Whether a convolution can be computed so, and is faster for it.
  static bool suits(const Conv2dSpec& spec);

  // `weight` as (out, 3, 3, in).
  ThinConvolution(const Conv2dSpec& spec, std::vector<float> weight, std::vector<float> bias);

  // From float32 x into float32 y.
  void operator()(Context& context, const Tensor& x, Tensor& y) const;

 private:
  Conv2dSpec spec_;
  std::vector<float> weight_, bias_;
};

}  // namespace mobilediffusion::kernels
