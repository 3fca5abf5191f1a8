// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A convolution of single pixels (1x1, stride 1): a product of the pixels, a row each, by a matrix.
#pragma once

#include <string>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/linear/linear.h"

namespace mobilediffusion::kernels {

class PointwiseConvolution final : public ConvolutionAlgorithm {
 public:
  static bool suits(const Conv2dSpec& spec) { return spec.kernel == 1 && spec.stride == 1 && !spec.depthwise; }

  static Kernel kernel_of(Precision precision, const Conv2dSpec& spec) {
    return Linear::kernel_of(precision, {.in = spec.in_channels, .out = spec.out_channels});
  }

  PointwiseConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                       const WeightView& bias, const Packing& packing, Status& status)
      : product_(name, {.in = spec.in_channels, .out = spec.out_channels}, weight, bias, packing, status) {}

  void run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const override {
    product_.run(context, x, y);
  }

  int64_t packed_bytes() const override { return product_.packed_bytes(); }

 private:
  Linear product_;
};

}  // namespace mobilediffusion::kernels
