// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// AutoencoderKL's encoder. Its one caller is encoder.cc.
#pragma once

#include <optional>
#include <vector>

#include "src/model/config.h"
#include "src/networks/kl_mid_block.h"
#include "src/networks/resnet.h"

namespace mobilediffusion {

class KlEncoder {
 public:
  // Binds "encoder.conv_in.weight" and the rest, and "quant_conv.weight", below `at`.
  KlEncoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl);

  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& picture) const;

 private:
  struct Level {
    std::vector<Resnet> resnets;
    std::optional<kernels::Conv2d> downsampler;  // none on the last
  };

  int latent_channels_;
  kernels::Conv2d conv_in_;
  std::vector<Level> levels_;
  KlMidBlock mid_;
  kernels::GroupNorm conv_norm_out_;
  kernels::Conv2d conv_out_;  // to means and logarithms of variances
  std::optional<kernels::Conv2d> quant_conv_;
};

}  // namespace mobilediffusion
