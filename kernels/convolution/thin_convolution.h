// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A 3x3 convolution to few channels, in float32: a network's last, to pixels or latents. A matrix product would fill
// its tiles of output channels with nothing; here each output is a sum over three runs of neighbouring values, one a
// row, whose lanes are added up at its end.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"

namespace mobilediffusion::kernels {

// Of a picture of `width` pixels of `in` values: the three rows around an output row, null outside the picture.
struct Neighbours {
  const float* rows[3];
  size_t width, in;
};

class ThinConvolution final : public ConvolutionAlgorithm {
 public:
  // Whether a convolution can be computed so, and is faster for it.
  static bool suits(const Conv2dSpec& spec);

  ThinConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                  const Packing& packing, Status& status);

  // float32 alone.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override {
    return static_cast<int64_t>((weight_.size() + bias_.size()) * sizeof(float));
  }

 private:
  int64_t out_channels_;
  std::vector<float> weight_, bias_;  // (out, 3, 3, in), and (out)
};

}  // namespace mobilediffusion::kernels
