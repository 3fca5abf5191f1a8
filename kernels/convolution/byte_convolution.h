// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Convolutions in int8 by our own product, on x86 processors with VNNI, behind an upsampling too. It finds the pixels
// by pointers to them, as IndirectConvolution does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/byte_product.h"

namespace mobilediffusion::kernels {

class ByteConvolution final : public ConvolutionAlgorithm {
 public:
  static bool suits(const Conv2dSpec& spec) { return !spec.depthwise && ByteProduct::suits(matrix(spec)); }

  ByteConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                  const Packing& packing, Status& status);

  // x has one quantization for a picture.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override;

 private:
  // What makes every `step`th pixel of the answer along both axes, from (row, column) on, of the pixels from (top,
  // left) on. All of it, but behind an upsampling, where there are four.
  struct Phase {
    int row = 0, column = 0, step = 1, top, left;
    ByteProduct product;
  };

  static int side(const Conv2dSpec& spec) { return spec.upsample_2x ? 2 : spec.kernel; }
  static ByteMatrix matrix(const Conv2dSpec& spec) {
    return {.taps = side(spec) * side(spec), .in = spec.in_channels, .out = spec.out_channels};
  }

  // x, what lies outside each picture (a pixel that stands for zero), and the sums of x's pixels.
  struct Input {
    const Tensor &x, &zeros, &sums;
  };
  void run_phase(Context& context, const Phase& phase, const Input& input, Tensor& y) const;

  Conv2dSpec spec_;
  std::vector<Phase> phases_;
};

}  // namespace mobilediffusion::kernels
