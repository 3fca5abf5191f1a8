// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Convolutions in int8 by our own product, on x86 processors with VNNI, behind an upsampling too. It finds the pixels
// by pointers to them, as IndirectConvolution does.
#pragma once

#include <string>
#include <string_view>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/convolution/phased_products.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/byte_product.h"

namespace mobilediffusion::kernels {

class ByteConvolution final : public ConvolutionAlgorithm {
  using Phases = PhasedProducts<ByteProduct>;

 public:
  static bool suits(const Conv2dSpec& spec) { return !spec.depthwise && ByteProduct::suits(Phases::matrix(spec)); }

  ByteConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                  const Packing& packing, Status& status);

  // x has one quantization for a picture.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override { return phases_.packed_bytes(); }

 private:
  // x, what lies outside each picture (a pixel that stands for zero), and the sums of x's pixels.
  struct Input {
    const Tensor &x, &zeros, &sums;
  };
  void run_phase(Context& context, const Phases::Phase& phase, const Input& input, Tensor& y) const;

  Conv2dSpec spec_;
  Phases phases_;
};

}  // namespace mobilediffusion::kernels
