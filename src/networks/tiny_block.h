// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The block that AutoencoderTiny's two halves are made of: three convolutions with ReLU between them, + x, ReLU.
#pragma once

#include <string>
#include <vector>

#include "src/networks/layers.h"

namespace mobilediffusion {

class TinyBlock {
 public:
  // Binds "conv.0", "conv.2" and "conv.4" below `at`.
  TinyBlock(const Scope& at, int width);

  // Into x.
  void operator()(kernels::Context& context, kernels::Tensor& x) const;

 private:
  std::string name_;
  std::vector<kernels::Conv2d> convolutions_;  // three
};

}  // namespace mobilediffusion
