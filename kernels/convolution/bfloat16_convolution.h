// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Convolutions in half by our own product, on x86 processors with tiles of bfloat16, behind an upsampling too.
#pragma once

#include <string>
#include <string_view>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/convolution/phased_products.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/bfloat16_product.h"

namespace mobilediffusion::kernels {

class Bfloat16Convolution final : public ConvolutionAlgorithm {
  using Phases = PhasedProducts<Bfloat16Product>;

 public:
  static bool suits(const Conv2dSpec& spec) { return !spec.depthwise && Bfloat16Product::suits(Phases::matrix(spec)); }

  Bfloat16Convolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                      const Packing& packing, Status& status);

  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override { return phases_.packed_bytes(); }

 private:
  Conv2dSpec spec_;
  Phases phases_;
};

}  // namespace mobilediffusion::kernels
