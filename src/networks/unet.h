// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The UNet of latent diffusion (Rombach et al., 2022): MobileDiffusion's, with separable convolutions where the grid is
// small and transformers at the bottleneck, and diffusers' UNet2DConditionModel, out of the same blocks.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "src/model/config.h"
#include "src/networks/resnet.h"
#include "src/networks/transformer.h"

namespace mobilediffusion {

class UNet {
 public:
  // Binds "conv_in.weight" and the rest below `at`. What is wrong is latched in the scope's source.
  UNet(const Scope& at, const UNetConfig& config);

  // The network's output (n, h, w, out_channels) for latents (n, h, w, in_channels), whose sides are multiples of
  // config.latent_multiple(), at `timestep` (0 to the scheduler's last), given the text's hidden states
  // (n, 1, tokens, cross_attention_dim). `condition` has config.time_cond_proj_dim values (guidance_embedding), or
  // none.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& latents, float timestep,
                             const kernels::Tensor& text, std::span<const float> condition = {}) const;

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

  kernels::Tensor time_embedding(kernels::Context& context, int64_t n, float timestep,
                                 std::span<const float> condition) const;
  kernels::Tensor run(kernels::Context& context, const Layer& layer, const kernels::Tensor& x,
                      const kernels::Tensor& time, const kernels::Tensor& text) const;

  int time_channels_;
  bool cosines_first_;
  int frequency_shift_;
  bool skips_from_samplers_;
  std::optional<kernels::Linear> cond_proj_;
  kernels::Linear time_linear_1_, time_linear_2_;
  kernels::Conv2d conv_in_;
  std::vector<Level> down_;
  std::optional<MidBlock> mid_;
  std::vector<Level> up_;
  kernels::GroupNorm conv_norm_out_;
  kernels::Conv2d conv_out_;
};

// The guidance scale as a network that was distilled from a guided one takes it (Meng et al., "On Distillation of
// Guided Diffusion Models", 2023): a sinusoid of 1000 times the scale, sines first.
std::vector<float> guidance_embedding(float guidance, int width);

}  // namespace mobilediffusion
