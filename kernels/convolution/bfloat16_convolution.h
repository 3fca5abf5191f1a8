// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Convolutions in half by our own product, on x86 processors with tiles of bfloat16, behind an upsampling too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/convolution/pixel_walk.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/bfloat16_product.h"

namespace mobilediffusion::kernels {

class Bfloat16Convolution final : public ConvolutionAlgorithm {
 public:
  static bool suits(const Conv2dSpec& spec) { return !spec.depthwise && Bfloat16Product::suits(matrix(spec)); }

  Bfloat16Convolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                      const Packing& packing, Status& status);

  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override;

 private:
  struct Phase {
    PixelPhase pixels;
    Bfloat16Product product;
  };

  static TiledMatrix matrix(const Conv2dSpec& spec) {
    return {.taps = phase_side(spec) * phase_side(spec), .in = spec.in_channels, .out = spec.out_channels};
  }

  Conv2dSpec spec_;
  std::vector<Phase> phases_;
};

}  // namespace mobilediffusion::kernels
