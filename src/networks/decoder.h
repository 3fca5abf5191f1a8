// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// An autoencoder's decoder: from a latent to a picture.
#pragma once

#include <variant>

#include "src/model/config.h"
#include "src/networks/kl_decoder.h"
#include "src/networks/tiny_decoder.h"

namespace mobilediffusion {

class Decoder {
 public:
  Decoder(const Scope& at, const DecoderConfig& config);

  // A picture (n, h * upscale, w * upscale, 3), in -1..1 where the model is right, for latents (n, h, w,
  // latent_channels) in the autoencoder's own scale: x0 / scaling_factor + shift_factor.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents) const;

 private:
  std::variant<KlDecoder, TinyDecoder> network_;
};

}  // namespace mobilediffusion
