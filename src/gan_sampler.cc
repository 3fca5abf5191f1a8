// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DiffusionGAN's sampler (Xu et al., "UFOGen", 2023; MobileDiffusion, section 4): the generator was trained to answer
// with a whole picture from any of a few noise levels. So each step guesses x0, and the next one is shown that guess
// under fresh noise: x_t' = sqrt(a') x0 + sqrt(1-a') noise. With one step there is only the guess.
#include "src/sampler.h"
#include "src/schedule.h"

namespace mobilediffusion {
namespace {

class GanSampler final : public Sampler {
 public:
  explicit GanSampler(SamplerPlan plan) : Sampler(std::move(plan)) {}

  bool needs_noise(int i) const override { return !last(i); }

  void step(int i, std::span<const float> output, std::span<float> latents,
            std::span<const float> noise) const override {
    const size_t now = static_cast<size_t>(i);
    x0_from_output(plan_.prediction_type, latents, output, plan_.alpha_bars[now], latents);
    if (!last(i)) mobilediffusion::add_noise(latents, noise, plan_.alpha_bars[now + 1], latents);
  }
};

// From the noisiest timestep that the model knows.
int span_of(const SchedulerConfig& config) { return config.timesteps.front() + 1; }

// The model's own timesteps when the number fits them, otherwise evenly from its first one down.
std::vector<int> choose_timesteps(const SchedulerConfig& config, int steps) {
  if (steps == 0 || steps == static_cast<int>(config.timesteps.size())) return config.timesteps;
  return trailing_timesteps(span_of(config), steps);
}

std::unique_ptr<Sampler> make(SamplerPlan plan) { return std::make_unique<GanSampler>(std::move(plan)); }

}  // namespace

const SamplerKind kGanSampler = {"gan", &span_of, &choose_timesteps, &make};

}  // namespace mobilediffusion
