// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The VAE's decoder: from a latent to a picture. AutoencoderKL's, and the paper's lite one, which is the same but
// thinner.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/attention.h"
#include "src/config.h"
#include "src/resnet.h"

namespace mobilediffusion {

class Decoder {
 public:
  // Binds "post_quant_conv.weight", "decoder.conv_in.weight" and the rest below `at`.
  Decoder(const Scope& at, const DecoderConfig& config);

  // A picture (n, h * upscale, w * upscale, 3), in -1..1 where the model is right, for latents (n, h, w,
  // latent_channels) in the autoencoder's own scale: x0 / scaling_factor.
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
