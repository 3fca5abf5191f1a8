// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Ancestral sampling as diffusion models began (Ho et al., "Denoising Diffusion Probabilistic Models", 2020, equations
// 6 and 7), over any choice of timesteps: x_t' is drawn from what x_t and the guess of x0 say of it,
//
//   x_t' = sqrt(a') b/(1-a) x0 + sqrt(1-b) (1-a')/(1-a) x_t + d noise,   b = 1 - a/a'
//
// where d^2 is the posterior's variance (1-a')/(1-a) b ("fixed_small") or b itself ("fixed_large"). The last step
// ends at a' = 1; it has noise too unless it begins at timestep 0, as in diffusers, which matters for the latter alone.
#include <algorithm>
#include <cmath>

#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

constexpr double kLeastVariance = 1e-20;

class DdpmSampler final : public Sampler {
 public:
  DdpmSampler(const SchedulerConfig& config, const std::vector<int>& timesteps)
      : Sampler(static_cast<int>(timesteps.size()), as_floats(timesteps)),
        type_(config.prediction_type),
        clip_(config.clip_sample.value_or(true)),
        clip_range_(static_cast<float>(config.clip_sample_range)) {
    const std::vector<double> alphas = alphas_cumprod(config);
    for (size_t i = 0; i < timesteps.size(); ++i) {
      const double a = alphas[static_cast<size_t>(timesteps[i])];
      const double next = i + 1 < timesteps.size() ? alphas[static_cast<size_t>(timesteps[i + 1])] : 1.0;
      const double beta = a == next ? 0.0 : 1 - a / next, variance = (1 - next) / (1 - a) * beta;
      steps_.push_back({.at = signal_and_noise(a),
                        .of_x0 = static_cast<float>(std::sqrt(next) * beta / (1 - a)),
                        .of_x = static_cast<float>(std::sqrt(1 - beta) * (1 - next) / (1 - a)),
                        .fresh = timesteps[i] == 0
                                     ? 0.0f
                                     : static_cast<float>(
                                           std::sqrt(config.fixed_large ? beta : std::max(variance, kLeastVariance)))});
    }
  }

  SignalAndNoise mixture(int i) const override { return steps_[static_cast<size_t>(i)].at; }
  bool needs_noise(int i) const override { return steps_[static_cast<size_t>(i)].fresh > 0; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState&) const override {
    const Weights& weights = steps_[static_cast<size_t>(i)];
    for (size_t k = 0; k < latents.size(); ++k) {
      float x0 = split(type_, latents[k], output[k], weights.at).x0;
      if (clip_) x0 = std::clamp(x0, -clip_range_, clip_range_);
      latents[k] = weights.of_x0 * x0 + weights.of_x * latents[k];
      if (weights.fresh > 0) latents[k] += weights.fresh * noise[k];
    }
  }

 private:
  struct Weights {
    SignalAndNoise at;
    float of_x0, of_x, fresh;
  };

  const PredictionType type_;
  const bool clip_;
  const float clip_range_;
  std::vector<Weights> steps_;
};

Result<std::unique_ptr<Sampler>> make_ddpm(const SchedulerConfig& config, int steps) {
  const std::vector<int> timesteps =
      spaced_timesteps(config.timestep_spacing.value_or(TimestepSpacing::kLeading), config, steps);
  return checked(config.prediction_type, std::make_unique<DdpmSampler>(config, timesteps));
}

}  // namespace

const SamplerKind kDdpmSampler = {"ddpm", 0, &all_timesteps, &make_ddpm};

}  // namespace mobilediffusion
