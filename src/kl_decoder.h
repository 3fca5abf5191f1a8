// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// AutoencoderKL's decoder, and the MobileDiffusion paper's lite one, which is the same but thinner. Its one caller is
// decoder.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/attention.h"
#include "src/config.h"
#include "src/resnet.h"

namespace mobilediffusion {

class KlDecoder {
 public:
  // Binds "post_quant_conv.weight", "decoder.conv_in.weight" and the rest below `at`.
  KlDecoder(const Scope& at, const DecoderConfig& config, const KlDecoderConfig& kl);

  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents) const;

 private:
  // One head over all positions, with projections of its own for keys and for values.
  struct MidAttention {
    std::string name;
    kernels::GroupNorm norm;
    kernels::Linear to_q, to_k, to_v, to_out;
    kernels::Attention attention;

    void operator()(kernels::Context& context, kernels::Tensor& x) const;
  };
  struct Level {
    std::vector<Resnet> resnets;
    std::optional<kernels::Conv2d> upsampler;  // behind nearest 2x; none on the last
  };

  std::optional<kernels::Conv2d> post_quant_conv_;
  kernels::Conv2d conv_in_;
  std::vector<Resnet> mid_resnets_;  // two
  std::optional<MidAttention> mid_attention_;
  std::vector<Level> levels_;
  kernels::GroupNorm conv_norm_out_;
  kernels::Conv2d conv_out_;
};

}  // namespace mobilediffusion
