// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// 3x3 convolutions in fewer multiplications than their definition has. A tile of the picture is transformed
// by additions, multiplied with transformed weights at each of its points, and transformed back: 36 products make 16
// output pixels of a plain convolution (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016) and
// 9 make the 4 that lie on one input pixel behind a nearest 2x upsampling, where the definition has 144 and 36.
// Rounding errors stay those of a direct sum, within a factor of two on average (see winograd.cc).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/convolution/point_products.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"

namespace mobilediffusion::kernels {

class WinogradConvolution final : public ConvolutionAlgorithm {
 public:
  // Whether a convolution can be computed so, and is faster for it.
  static bool suits(const Conv2dSpec& spec, Precision precision);

  WinogradConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                      const Packing& packing, Status& status);

  // Sums are float32's whatever the precision, which says how the weights are kept: int8 is by the definition's taps.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override {
    return (products_ == nullptr ? 0 : products_->packed_bytes()) + static_cast<int64_t>(bias_.size() * sizeof(float));
  }

 private:
  Conv2dSpec spec_;
  std::unique_ptr<const PointProducts> products_;
  std::vector<float> bias_;
};

}  // namespace mobilediffusion::kernels
