// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DDIM with eta 0 (Song et al., "Denoising Diffusion Implicit Models", 2021, equation 12): deterministic. The output is
// split into the picture x0 and the noise e that x_t is made of, and both are mixed anew in an earlier timestep's
// proportion: x_t' = sqrt(a') x0 + sqrt(1-a') e.
//
// As diffusers has it, t' is t less the quotient of all timesteps and the steps, which is the next step's timestep but
// for a rounding; before the first timestep a' is 1, or alpha-bar(0) where set_alpha_to_one is false.
#include <algorithm>

#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

class DdimSampler final : public Sampler {
 public:
  DdimSampler(const SchedulerConfig& config, const std::vector<int>& timesteps)
      : Sampler(static_cast<int>(timesteps.size()), as_floats(timesteps)),
        type_(config.prediction_type),
        clip_(config.clip_sample.value_or(true)),
        clip_range_(static_cast<float>(config.clip_sample_range)) {
    const std::vector<double> alphas = alphas_cumprod(config);
    const double final_alpha = config.set_alpha_to_one.value_or(true) ? 1.0 : alphas.front();
    const int stride = config.num_train_timesteps / steps();
    for (const int t : timesteps) {
      at_.push_back(signal_and_noise(alphas[static_cast<size_t>(t)]));
      next_.push_back(signal_and_noise(t >= stride ? alphas[static_cast<size_t>(t - stride)] : final_alpha));
    }
  }

  SignalAndNoise mixture(int i) const override { return at_[static_cast<size_t>(i)]; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState&) const override {
    const SignalAndNoise at = mixture(i), next = next_[static_cast<size_t>(i)];
    for (size_t k = 0; k < latents.size(); ++k) {
      Parts parts = split(type_, latents[k], output[k], at);
      if (clip_) parts.x0 = std::clamp(parts.x0, -clip_range_, clip_range_);
      latents[k] = next.noise == 0.0f ? next.signal * parts.x0 : next.signal * parts.x0 + next.noise * parts.e;
    }
  }

 private:
  const PredictionType type_;
  const bool clip_;
  const float clip_range_;
  std::vector<SignalAndNoise> at_, next_;  // of each step: where it begins and where it ends
};

Result<std::unique_ptr<Sampler>> make_ddim(const SchedulerConfig& config, int steps) {
  const std::vector<int> timesteps =
      spaced_timesteps(config.timestep_spacing.value_or(TimestepSpacing::kLeading), config, steps);
  return checked(config.prediction_type, std::make_unique<DdimSampler>(config, timesteps));
}

}  // namespace

const SamplerKind kDdimSampler = {"ddim", 0, &all_timesteps, &make_ddim};

}  // namespace mobilediffusion
