// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The UNet of MobileDiffusion: convolutions where the grid is large, separable ones deeper, transformers at the
// bottleneck.
#pragma once

#include <optional>
#include <vector>

#include "src/config.h"
#include "src/resnet.h"
#include "src/transformer.h"

namespace mobilediffusion {

class UNet {
 public:
  // Binds "conv_in.weight" and the rest below `at`. What is wrong is latched in the scope's source.
  UNet(const Scope& at, const UNetConfig& config);

  // The network's output (n, h, w, out_channels) for latents (n, h, w, in_channels), whose sides are multiples of
  // config.latent_multiple(), at `timestep` (0 to the scheduler's last), given the text's hidden states
  // (n, 1, tokens, cross_attention_dim).
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents, float timestep,
                             const kernels::Tensor& text) const;

 private:
  // A resnet and the transformer behind it, where the level has one.
  struct Layer {
    Resnet resnet;
    std::optional<Transformer> attention;
  };
  struct Level {
    std::vector<Layer> layers;
    std::optional<kernels::Conv2d> sampler;  // stride 2 on the way down; behind nearest 2x on the way up
  };
  struct MidBlock {
    Resnet first;
    Transformer attention;
    Resnet last;
  };

  kernels::Tensor time_embedding(kernels::Context& context, int64_t n, float timestep) const;
  kernels::Tensor run(kernels::Context& context, const Layer& layer, const kernels::Tensor& x,
                      const kernels::Tensor& time, const kernels::Tensor& text) const;

  int time_channels_;
  kernels::Linear time_linear_1_, time_linear_2_;
  kernels::Conv2d conv_in_;
  std::vector<Level> down_;
  std::optional<MidBlock> mid_;
  std::vector<Level> up_;
  kernels::GroupNorm conv_norm_out_;
  kernels::Conv2d conv_out_;
};

}  // namespace mobilediffusion
