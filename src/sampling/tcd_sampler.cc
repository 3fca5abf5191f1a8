// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Trajectory consistency distillation (Zheng et al., "Trajectory Consistency Distillation", 2024, Algorithm 4,
// strategic stochastic sampling): each step goes deterministically below the next timestep t', to s = (1 - gamma) t',
// and comes up to t' by fresh noise. gamma 0 would be all of the one, 1 all of the other.
#include <cmath>

#include "src/sampling/consistency_timesteps.h"
#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

constexpr float kGamma = 0.3f;  // diffusers' own, which the authors find good

class TcdSampler final : public Sampler {
 public:
  TcdSampler(const SchedulerConfig& config, const std::vector<int>& timesteps)
      : Sampler(static_cast<int>(timesteps.size()), as_floats(timesteps)), type_(config.prediction_type) {
    const std::vector<double> alphas = alphas_cumprod(config);
    for (size_t i = 0; i < timesteps.size(); ++i) {
      const int next = i + 1 < timesteps.size() ? timesteps[i + 1] : 0;
      const auto below = static_cast<size_t>(std::floor((1 - kGamma) * static_cast<float>(next)));
      at_.push_back(signal_and_noise(alphas[static_cast<size_t>(timesteps[i])]));
      below_.push_back(signal_and_noise(alphas[below]));
      up_.push_back(signal_and_noise(alphas[static_cast<size_t>(next)] / alphas[below]));
    }
  }

  SignalAndNoise mixture(int i) const override { return at_[static_cast<size_t>(i)]; }
  bool needs_noise(int i) const override { return !last(i); }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState&) const override {
    const SignalAndNoise below = below_[static_cast<size_t>(i)];
    for (size_t k = 0; k < latents.size(); ++k) {
      const Parts parts = split(type_, latents[k], output[k], mixture(i));
      latents[k] = below.signal * parts.x0 + below.noise * parts.e;
    }
    if (!last(i)) mix(up_[static_cast<size_t>(i)], latents, noise, latents);
  }

 private:
  const PredictionType type_;
  std::vector<SignalAndNoise> at_, below_, up_;  // of each step
};

Result<std::unique_ptr<Sampler>> make_tcd(const SchedulerConfig& config, int steps) {
  return checked(config.prediction_type, std::make_unique<TcdSampler>(config, consistency_timesteps(config, steps)));
}

}  // namespace

const SamplerKind kTcdSampler = {"tcd", 4, &solver_steps, &make_tcd};

}  // namespace mobilediffusion
