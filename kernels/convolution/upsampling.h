// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A convolution behind an upsampling by XNNPACK, phase by phase (upsampling_phases.h).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/packing/float16_support.h"
#include "kernels/packing/magnified_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/xnnpack/xnnpack_operator.h"

namespace mobilediffusion::kernels {

class UpsamplingConvolution final : public ConvolutionAlgorithm {
 public:
  UpsamplingConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                        const WeightView& bias, const Packing& packing, Status& status);

  // To be computed in int8 x comes in float32 or float16 and is quantised here.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override;

 private:
  // The picture `from` (h, w, in), with a row of zeros before and behind it, in the format that is computed in.
  Tensor pad_rows(Context& context, const Shape& shape, Reading from) const;

  xnn_status run_phase(Context& context, xnn_operator_t op, const Tensor& padded, int64_t row, int64_t rows,
                       Writing to) const;

  Format format_;
  int64_t out_channels_;
  std::vector<OutputRange> parts_;
  Magnification magnification_;
  std::array<std::array<std::vector<XnnpackOperator>, 2>, 2> phases_;  // by output row and column, even or odd; parts
};

}  // namespace mobilediffusion::kernels
