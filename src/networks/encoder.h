// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// An autoencoder's encoder: from a picture to a latent, for pictures that begin with one.
#pragma once

#include <variant>

#include "src/model/config.h"
#include "src/networks/kl_encoder.h"
#include "src/networks/tiny_encoder.h"

namespace mobilediffusion {

class Encoder {
 public:
  Encoder(const Scope& at, const DecoderConfig& config);

  // Latents (n, h / upscale, w / upscale, latent_channels) in the autoencoder's own scale, x0 / scaling_factor +
  // shift_factor, for a picture (n, h, w, 3) in -1..1. AutoencoderKL's is the mean of its distribution, not drawn from
  // it: the same picture always gives the same latent.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& picture) const;

 private:
  std::variant<KlEncoder, TinyEncoder> network_;
};

}  // namespace mobilediffusion
