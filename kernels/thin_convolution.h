// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A 3x3 convolution to few channels, in float32: a network's last, to pixels or latents. Its tiles would be mostly
// empty for each of the nine taps, so all taps' products of a pixel are made at once, as channels, and then added up
// where they belong. Only included by conv2d.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/conv2d.h"
#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {

class ThinConvolution {
 public:
  // Whether a convolution can be computed so, and is faster for it.
  static bool suits(const Conv2dSpec& spec);

  // `weight` as (out, in, 3, 3). The first failure is put into `status`.
  ThinConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                  const Packing& packing, Status& status);

  // From float32 x into float32 y.
  void operator()(Context& context, std::string_view name, const Tensor& x, Tensor& y) const;

 private:
  Conv2dSpec spec_;
  XnnpackOperator products_;  // of a pixel, to (kh, kw, out)
  std::vector<float> bias_;
};

}  // namespace mobilediffusion::kernels
