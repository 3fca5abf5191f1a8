// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// AutoencoderTiny's decoder (TAESD): convolutions and ReLU at one width, no norms. Its one caller is decoder.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/model/config.h"
#include "src/networks/tiny_block.h"

namespace mobilediffusion {

class TinyDecoder {
 public:
  // Binds "decoder.layers.0.weight" and the rest below `at`.
  TinyDecoder(const Scope& at, const DecoderConfig& config, const TinyDecoderConfig& tiny);

  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents) const;

 private:
  struct Level {
    std::vector<TinyBlock> blocks;
    std::optional<kernels::Conv2d> upsampler;  // behind nearest 2x; none on the last
  };

  std::string name_;
  std::optional<kernels::Conv2d> conv_in_;
  std::vector<Level> levels_;
  std::optional<kernels::Conv2d> conv_out_;
};

}  // namespace mobilediffusion
