// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Euler's method on Karras et al.'s ordinary differential equation ("Elucidating the Design Space of Diffusion-Based
// Generative Models", 2022, Algorithm 2 without churn): x = x0 + sigma e falls to the next sigma along
// dx/dsigma = (x - x0) / sigma. The latents have variance sigma^2 + 1, and the network is shown them scaled to 1.
//
// The ancestral variant (Crowson's k-diffusion) goes below the next sigma and comes up to it by fresh noise, as much as
// the forward process would have added.
#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

class EulerSampler final : public Sampler {
 public:
  EulerSampler(const SchedulerConfig& config, SigmaSchedule schedule, bool ancestral)
      : Sampler(static_cast<int>(schedule.timesteps.size()), schedule.timesteps,
                initial_scale_of_sigmas(config, schedule.sigmas.front())),
        type_(config.prediction_type),
        ancestral_(ancestral),
        sigmas_(std::move(schedule.sigmas)) {}

  float input_scale(int i) const override { return signal_and_noise_of_sigma(sigma(i)).signal; }
  SignalAndNoise mixture(int i) const override { return {1.0f, static_cast<float>(sigma(i))}; }
  bool needs_noise(int i) const override { return ancestral_ && sigma(i + 1) > 0; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState&) const override {
    const double from = sigma(i), to = sigma(i + 1);
    const auto [down, up] = ancestral_ ? ancestral_step(from, to) : AncestralStep{to, 0.0};
    const SignalAndNoise at = signal_and_noise_of_sigma(from);
    const auto rest = static_cast<float>(down / from);  // of x - x0
    const auto fresh = static_cast<float>(up);
    for (size_t k = 0; k < latents.size(); ++k) {
      const float x0 = split(type_, at.signal * latents[k], output[k], at).x0;
      latents[k] = x0 + rest * (latents[k] - x0);
      if (fresh > 0) latents[k] += fresh * noise[k];
    }
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }

  const PredictionType type_;
  const bool ancestral_;
  const std::vector<double> sigmas_;
};

Result<std::unique_ptr<Sampler>> make_euler(const SchedulerConfig& config, int steps) {
  return std::unique_ptr<Sampler>(std::make_unique<EulerSampler>(config, euler_schedule(config, steps), false));
}

// diffusers' ancestral class knows neither spacing by sigmas nor a last noise level.
Result<std::unique_ptr<Sampler>> make_ancestral(const SchedulerConfig& config, int steps) {
  SchedulerConfig plain = config;
  plain.use_karras_sigmas = false;
  plain.use_exponential_sigmas = false;
  plain.final_sigma_is_zero = true;
  return std::unique_ptr<Sampler>(std::make_unique<EulerSampler>(config, euler_schedule(plain, steps), true));
}

}  // namespace

const SamplerKind kEulerSampler = {"euler", 0, &all_timesteps, &make_euler};
const SamplerKind kEulerAncestralSampler = {"euler-a", 0, &all_timesteps, &make_ancestral};

}  // namespace mobilediffusion
