// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where a picture's noise comes from: the initial noise, and the fresh noise of samplers that want some.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "mobilediffusion/options.h"

namespace mobilediffusion {

class NoiseSource {
 public:
  virtual ~NoiseSource() = default;

  // Standard normal values in the latent's order (channel, y, x). `stream` 0 is the initial noise, k the fresh noise
  // before run k; a source that goes by position reads it, one that goes on where it stopped does not.
  virtual void draw(uint64_t stream, std::span<float> out) = 0;
};

std::unique_ptr<NoiseSource> make_noise_source(Noise kind, uint64_t seed);

}  // namespace mobilediffusion
