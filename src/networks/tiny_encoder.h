// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// AutoencoderTiny's encoder (TAESD): the decoder's blocks, halving in place of doubling. Its one caller is encoder.cc.
#pragma once

#include <optional>
#include <vector>

#include "src/model/config.h"
#include "src/networks/tiny_block.h"

namespace mobilediffusion {

class TinyEncoder {
 public:
  // Binds "encoder.layers.0.weight" and the rest below `at`.
  TinyEncoder(const Scope& at, const DecoderConfig& config, const TinyDecoderConfig& tiny);

  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& picture) const;

 private:
  struct Level {
    kernels::Conv2d conv;  // from the picture, or halving
    std::vector<TinyBlock> blocks;
  };

  std::vector<Level> levels_;
  std::optional<kernels::Conv2d> conv_out_;
};

}  // namespace mobilediffusion
