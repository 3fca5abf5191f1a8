// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DPM-Solver++ (2M) (Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models",
// 2022, Algorithm 2): exact for the linear part of the differential equation, with x0 as the part that is extrapolated,
// from its last two values, in lambda = -log sigma. With h the step in lambda, and sigma in Karras' count,
//
//   x' = (n'/n) x + s' (1 - e^-h) (x0 + D/2),   D = (x0 - x0 before) h/h before;   Heun's variant weighs D otherwise
#include <algorithm>
#include <cmath>

#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

// By diffusers' own count of how few steps are few.
constexpr int kFewSteps = 15;

class DpmSampler final : public Sampler {
 public:
  DpmSampler(const SchedulerConfig& config, SigmaSchedule schedule)
      : Sampler(static_cast<int>(schedule.timesteps.size()), schedule.timesteps),
        type_(config.prediction_type),
        order_(config.solver_order),
        heun_(config.heun),
        euler_last_(config.euler_at_final || config.final_sigma_is_zero ||
                    (config.lower_order_final && steps() < kFewSteps)),
        sigmas_(std::move(schedule.sigmas)) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise_of_sigma(sigma(i)); }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState& state) const override {
    const SignalAndNoise at = mixture(i), next = mixture(i + 1);
    const double ratio = sigma(i + 1) / sigma(i);  // e^-h
    const auto kept = next.noise / at.noise;
    const auto towards = next.signal * static_cast<float>(1 - ratio);
    std::vector<float> x0(latents.size());
    for (size_t k = 0; k < latents.size(); ++k) x0[k] = split(type_, latents[k], output[k], at).x0;

    const bool second = order_ > 1 && !state.history.empty() && !(euler_last_ && last(i));
    const auto correction = second ? correction_of(i, next.signal) : 0.0f;
    for (size_t k = 0; k < latents.size(); ++k) {
      latents[k] = kept * latents[k] + towards * x0[k];
      if (second) latents[k] += correction * (x0[k] - state.history.front()[k]);
    }
    state.history.assign(1, std::move(x0));
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }

  // What x0 less the x0 before is multiplied with.
  float correction_of(int i, double signal) const {
    const double h = std::log(sigma(i) / sigma(i + 1)), before = std::log(sigma(i - 1) / sigma(i));
    const double whole = 1 - std::exp(-h);
    const double weight = heun_ ? 1 - whole / h : whole / 2;
    return static_cast<float>(signal * weight * h / before);
  }

  const PredictionType type_;
  const int order_;
  const bool heun_;
  const bool euler_last_;  // the last step is of the first order
  const std::vector<double> sigmas_;
};

int most_steps(const SchedulerConfig& config) { return std::max(1, config.num_train_timesteps - 1); }

Result<std::unique_ptr<Sampler>> make(const SchedulerConfig& config, int steps) {
  return std::unique_ptr<Sampler>(std::make_unique<DpmSampler>(config, solver_schedule(config, steps)));
}

}  // namespace

const SamplerKind kDpmSampler = {"dpm++", 0, &most_steps, &make};

}  // namespace mobilediffusion
