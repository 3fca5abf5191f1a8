// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DEIS (Zhang and Chen, "Fast Sampling of Diffusion Models with Exponential Integrator", 2023) in diffusers' form: the
// noise e, which DDIM holds for a whole step, is extrapolated from its last two values, linearly in log sigma:
//
//   x'/s' = x/s + integral of e(sigma) d sigma, from sigma to sigma'
//
// The first step is DDIM's. The last one ends, as the class does, with the noise of timestep 0.
#include <cmath>

#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

// The integral of (log sigma - log other) / (log own - log other) up to sigma.
double integral(double sigma, double own, double other) {
  return sigma * (std::log(sigma) - std::log(other) - 1) / (std::log(own) - std::log(other));
}

class DeisSampler final : public Sampler {
 public:
  DeisSampler(const SchedulerConfig& config, SigmaSchedule schedule)
      : Sampler(static_cast<int>(schedule.timesteps.size()), schedule.timesteps),
        type_(config.prediction_type),
        order_(config.solver_order),
        first_order_last_(config.lower_order_final && steps() < kFewSteps),
        sigmas_(std::move(schedule.sigmas)) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise_of_sigma(sigma(i)); }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState& state) const override {
    const SignalAndNoise at = mixture(i), next = mixture(i + 1);
    std::vector<float> e(latents.size());
    for (size_t k = 0; k < latents.size(); ++k) e[k] = split(type_, latents[k], output[k], at).e;

    const bool second =
        order_ > 1 && !state.history.empty() && !(first_order_last_ && last(i)) && most_order(sigmas_, i) > 1;
    const double from = sigma(i), to = sigma(i + 1), before = second ? sigma(i - 1) : 0.0;
    const auto now = static_cast<float>(second ? integral(to, from, before) - integral(from, from, before) : to - from);
    const auto past = static_cast<float>(second ? integral(to, before, from) - integral(from, before, from) : 0.0);
    for (size_t k = 0; k < latents.size(); ++k) {
      float sum = latents[k] / at.signal + now * e[k];
      if (second) sum += past * state.history.front()[k];
      latents[k] = next.signal * sum;
    }
    state.history.assign(1, std::move(e));
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }

  const PredictionType type_;
  const int order_;
  const bool first_order_last_;
  const std::vector<double> sigmas_;
};

// Karras' spacing ends where its last step began, in that class.
Result<std::unique_ptr<Sampler>> make_deis(const SchedulerConfig& config, int steps) {
  SchedulerConfig ending = config;
  ending.final_sigma_is_zero = false;
  return std::unique_ptr<Sampler>(std::make_unique<DeisSampler>(config, solver_schedule(ending, steps)));
}

}  // namespace

const SamplerKind kDeisSampler = {"deis", 0, &all_intervals, &make_deis};

}  // namespace mobilediffusion
