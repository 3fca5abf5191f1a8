// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Rectified flow as InstaFlow trains it (Liu et al., "InstaFlow: One Step is Enough for High-Quality Diffusion-Based
// Text-to-Image Generation", 2024): the network answers with the velocity from noise to picture, x_t lies on the line
// between them, and Euler's method goes along it in even steps. Timestep 1000 is noise.
#include "src/sampling/sampler.h"

namespace mobilediffusion {
namespace {

std::vector<float> even_timesteps(int span, int steps) {
  std::vector<float> timesteps;
  for (int i = 0; i < steps; ++i)
    timesteps.push_back(static_cast<float>((1.0 - static_cast<double>(i) / steps) * span));
  return timesteps;
}

class FlowSampler final : public Sampler {
 public:
  FlowSampler(int span, int steps) : Sampler(steps, even_timesteps(span, steps)) {}

  SignalAndNoise mixture(int i) const override {
    const float done = static_cast<float>(i) / static_cast<float>(steps());
    return {done, 1 - done};
  }

  void step(int, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState&) const override {
    const float dt = 1.0f / static_cast<float>(steps());
    for (size_t k = 0; k < latents.size(); ++k) latents[k] += dt * output[k];
  }
};

Result<std::unique_ptr<Sampler>> make_flow(const SchedulerConfig& config, int steps) {
  return std::unique_ptr<Sampler>(std::make_unique<FlowSampler>(config.num_train_timesteps, steps));
}

}  // namespace

const SamplerKind kFlowSampler = {"flow", 1, &all_timesteps, &make_flow};

}  // namespace mobilediffusion
