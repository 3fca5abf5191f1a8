// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What lies between the two halves of AutoencoderKL's encoder, and of its decoder: a resnet, attention where the
// configuration has it, a resnet.
#pragma once

#include <optional>
#include <string>

#include "kernels/attention/attention.h"
#include "src/model/config.h"
#include "src/networks/resnet.h"

namespace mobilediffusion {

inline constexpr float kKlEpsilon = 1e-6f;  // of every norm in an AutoencoderKL

class KlMidBlock {
 public:
  // Binds "resnets.0", "attentions.0" (by its names of either age) and "resnets.1" below `at`.
  KlMidBlock(const Scope& at, int width, const KlDecoderConfig& kl);

  kernels::Tensor operator()(kernels::Context& context, kernels::Tensor x) const;

 private:
  // One head over all positions, with projections of its own for keys and for values.
  struct SelfAttention {
    std::string name;
    kernels::GroupNorm norm;
    kernels::Linear to_q, to_k, to_v, to_out;
    kernels::Attention attention;

    void operator()(kernels::Context& context, kernels::Tensor& x) const;
  };

  Resnet first_;
  std::optional<SelfAttention> attention_;
  Resnet second_;
};

}  // namespace mobilediffusion
