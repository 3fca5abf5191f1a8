// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// AutoencoderKL's decoder, and the MobileDiffusion paper's lite one, which is the same but thinner. Its one caller is
// decoder.cc.
#pragma once

#include <optional>
#include <vector>

#include "src/model/config.h"
#include "src/networks/kl_mid_block.h"
#include "src/networks/resnet.h"

namespace mobilediffusion {

class KlDecoder {
 public:
  // Binds "post_quant_conv.weight", "decoder.conv_in.weight" and the rest below `at`.
  KlDecoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl);

  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents) const;

 private:
  struct Level {
    std::vector<Resnet> resnets;
    std::optional<kernels::Conv2d> upsampler;  // behind nearest 2x; none on the last
  };

  std::optional<kernels::Conv2d> post_quant_conv_;
  kernels::Conv2d conv_in_;
  KlMidBlock mid_;
  std::vector<Level> levels_;
  kernels::GroupNorm conv_norm_out_;
  kernels::Conv2d conv_out_;
};

}  // namespace mobilediffusion
