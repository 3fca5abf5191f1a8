// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Latent consistency models (Luo et al., "Latent Consistency Models: Synthesizing High-Resolution Images with Few-Step
// Inference", 2023, Algorithm 3): each step guesses x0 by f(x, t) = c_skip(t) x + c_out(t) x0, whose boundary condition
// is f(x, 0) = x, and the next one is shown that guess under fresh noise.
#include <algorithm>
#include <cmath>

#include "src/sampling/consistency_timesteps.h"
#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

constexpr double kSigmaData = 0.5;

class LcmSampler final : public Sampler {
 public:
  LcmSampler(const SchedulerConfig& config, const std::vector<int>& timesteps)
      : Sampler(static_cast<int>(timesteps.size()), as_floats(timesteps)),
        type_(config.prediction_type),
        clip_(config.clip_sample.value_or(false)),
        clip_range_(static_cast<float>(config.clip_sample_range)),
        timestep_scaling_(config.timestep_scaling) {
    const std::vector<double> alphas = alphas_cumprod(config);
    for (const int t : timesteps) at_.push_back(signal_and_noise(alphas[static_cast<size_t>(t)]));
  }

  SignalAndNoise mixture(int i) const override { return at_[static_cast<size_t>(i)]; }
  bool needs_noise(int i) const override { return !last(i); }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState&) const override {
    const double t = timesteps()[static_cast<size_t>(i)] * timestep_scaling_;
    const double square = t * t + kSigmaData * kSigmaData;
    const auto skip = static_cast<float>(kSigmaData * kSigmaData / square),
               out = static_cast<float>(t / std::sqrt(square));
    for (size_t k = 0; k < latents.size(); ++k) {
      float x0 = split(type_, latents[k], output[k], mixture(i)).x0;
      if (clip_) x0 = std::clamp(x0, -clip_range_, clip_range_);
      latents[k] = out * x0 + skip * latents[k];
    }
    if (!last(i)) mix(mixture(i + 1), latents, noise, latents);
  }

 private:
  const PredictionType type_;
  const bool clip_;
  const float clip_range_;
  const double timestep_scaling_;
  std::vector<SignalAndNoise> at_;
};

Result<std::unique_ptr<Sampler>> make_lcm(const SchedulerConfig& config, int steps) {
  return checked(config.prediction_type, std::make_unique<LcmSampler>(config, consistency_timesteps(config, steps)));
}

}  // namespace

const SamplerKind kLcmSampler = {"lcm", 4, &solver_steps, &make_lcm};

}  // namespace mobilediffusion
