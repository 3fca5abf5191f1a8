// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// XNNPACK's convolutions, dense and depthwise, for every kernel, stride and precision. They read the pixels through
// pointers, without copying them into a matrix first (Dukhan, "The Indirect Convolution Algorithm", 2019).
#pragma once

#include <string>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/convolution/convolution_algorithm.h"
#include "kernels/packing/column_blocks.h"
#include "kernels/packing/magnified_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"

namespace mobilediffusion::kernels {

class IndirectConvolution final : public ConvolutionAlgorithm {
 public:
  // A depthwise convolution is not packed in int8, nor kept in packing.store. Operators that read the same packed
  // weights for a part of a picture are made where there is a store that holds these.
  IndirectConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                      const Packing& packing, Status& status);

  // int8 is read with one quantization for a picture.
  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override;

 private:
  // One block of output channels.
  struct Block {
    int64_t begin, size;
    XnnpackOperator whole;
    // Of a large picture a part at a time, whose neighbours are not zeros but the picture's rows: the rows at its top
    // edge, between the edges, at its bottom edge.
    XnnpackOperator top, middle, bottom;
  };

  // Rows [row, row + rows) of the answer for one picture.
  void run_part(Context& context, std::string_view name, const Block& block, const Tensor& x, int64_t picture,
                int64_t row, int64_t rows, Tensor& y) const;

  Conv2dSpec spec_;
  std::vector<Block> blocks_;
  Magnification magnification_;
};

}  // namespace mobilediffusion::kernels
