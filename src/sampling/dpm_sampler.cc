// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DPM-Solver's multistep methods, up to the third order, exact for the linear part of the differential equation. They
// differ in what is extrapolated from its last values m0, m1, m2, in lambda = -log sigma:
//
//   dpm++          x0 (Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models",
//                  2022, Algorithm 2); dpm++2m is another name of it
//   dpm            the noise e (Lu et al., "DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model Sampling in
//                  Around 10 Steps", 2022)
//   dpm++2m-sde,   the same two for the stochastic differential equation: fresh noise in every step
//   dpm-sde
//
// With h the step in lambda, s and n the factors of picture and noise before it, s' and n' behind it:
//
//   x0:  x' = (n'/n) x + g (1 - e^z) m0 + ...,   g = s',    z = -h;   stochastic: z = -2h, and x shrinks by e^-h more
//   e:   x' = (s'/s) x + g (1 - e^z) m0 + ...,   g = n',    z = h;    stochastic: g = 2n'
//
// where ... is g (1 - e^z)/2 D1 (midpoint) or g (1 - (e^z - 1)/z) D1 (Heun's variant) of the second order, and the
// latter less g ((e^z - 1 - z)/z^2 - 1/2) D2 of the third; D1 and D2 are m's differences in lambda.
#include <algorithm>
#include <cmath>

#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

struct Variant {
  bool of_noise;  // e is extrapolated, else x0
  bool stochastic;
};

// x' = kept x + towards m0 + first (m0 - m1) + second (m1 - m2) + fresh noise
struct Weights {
  float kept, towards;
  float first = 0, second = 0;
  float fresh = 0;
};

class DpmSampler final : public Sampler {
 public:
  DpmSampler(const SchedulerConfig& config, Variant variant, SigmaSchedule schedule)
      : Sampler(static_cast<int>(schedule.timesteps.size()), schedule.timesteps),
        variant_(variant),
        type_(config.prediction_type),
        order_(std::min(config.solver_order, variant.of_noise && variant.stochastic ? 2 : 3)),
        heun_(config.heun),
        lower_order_last_(config.lower_order_final && steps() < kFewSteps),
        first_order_last_(config.euler_at_final || config.final_sigma_is_zero || lower_order_last_),
        sigmas_(std::move(schedule.sigmas)) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise_of_sigma(sigma(i)); }
  bool needs_noise(int i) const override { return variant_.stochastic && sigma(i + 1) > 0; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState& state) const override {
    const SignalAndNoise at = mixture(i);
    std::vector<float> m0(latents.size());
    for (size_t k = 0; k < latents.size(); ++k) {
      const Parts parts = split(type_, latents[k], output[k], at);
      m0[k] = variant_.of_noise ? parts.e : parts.x0;
    }
    const int order = order_of(i, static_cast<int>(state.history.size()));
    const Weights weights = weights_of(i, order);
    for (size_t k = 0; k < latents.size(); ++k) {
      latents[k] = weights.kept * latents[k] + weights.towards * m0[k];
      if (order > 1) latents[k] += weights.first * (m0[k] - state.history[0][k]);
      if (order > 2) latents[k] += weights.second * (state.history[0][k] - state.history[1][k]);
      if (weights.fresh > 0) latents[k] += weights.fresh * noise[k];
    }
    state.history.push_front(std::move(m0));
    if (state.history.size() >= static_cast<size_t>(order_)) state.history.pop_back();
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }
  double step_in_lambda(int i) const { return std::log(sigma(i) / sigma(i + 1)); }

  // `past` outputs are known beside this one's.
  int order_of(int i, int past) const {
    const int allowed = last(i) && first_order_last_ ? 1 : i + 2 == steps() && lower_order_last_ ? 2 : 3;
    return std::min({order_, past + 1, allowed, most_order(sigmas_, i)});
  }

  Weights weights_of(int i, int order) const {
    const SignalAndNoise at = mixture(i), next = mixture(i + 1);
    const double ratio = sigma(i + 1) / sigma(i);  // e^-h
    const double shrinking = variant_.stochastic ? ratio * ratio : ratio;
    Weights weights;
    if (variant_.of_noise) {
      weights.kept = next.signal / at.signal;
      weights.towards = static_cast<float>((variant_.stochastic ? 2 : 1) * double{next.noise} * (1 - 1 / ratio));
      if (variant_.stochastic) weights.fresh = static_cast<float>(next.noise * std::sqrt(1 / shrinking - 1));
    } else {
      weights.kept = next.noise / at.noise;
      if (variant_.stochastic) weights.kept = static_cast<float>(weights.kept * ratio);
      weights.towards = next.signal * static_cast<float>(1 - shrinking);
      if (variant_.stochastic) weights.fresh = static_cast<float>(next.noise * std::sqrt(1 - shrinking));
    }
    if (order > 1) add_differences(i, order, next, &weights);
    return weights;
  }

  void add_differences(int i, int order, SignalAndNoise next, Weights* weights) const {
    const double h = step_in_lambda(i), before = step_in_lambda(i - 1);
    const double times = variant_.stochastic ? 2 : 1;
    const double z = variant_.of_noise ? h : -times * h;
    const double gain = variant_.of_noise ? times * next.noise : next.signal;
    const double whole = 1 - std::exp(z);
    const double slope = heun_ || order > 2 ? 1 + whole / z : whole / 2;  // of D1
    if (order == 2) {
      weights->first = static_cast<float>(gain * slope * h / before);
      return;
    }
    // diffusers subtracts the half where it solves the stochastic equation, which its numbers show
    const double half = variant_.stochastic ? -0.5 : 0.5;
    const double curvature = (whole + z) / (z * z) + half;  // of D2
    const double r0 = before / h, r1 = step_in_lambda(i - 2) / h, both = r0 + r1;
    weights->first = static_cast<float>(gain * (slope * (1 + r0 / both) + curvature / both) / r0);
    weights->second = static_cast<float>(-gain * (slope * r0 / both + curvature / both) / r1);
  }

  const Variant variant_;
  const PredictionType type_;
  const int order_;
  const bool heun_;
  const bool lower_order_last_;  // the last step but one is of the second order at most, the last one of the first
  const bool first_order_last_;
  const std::vector<double> sigmas_;
};

template <bool kOfNoise, bool kStochastic>
Result<std::unique_ptr<Sampler>> make_dpm(const SchedulerConfig& config, int steps) {
  SchedulerConfig ending = config;
  if (kOfNoise) ending.final_sigma_is_zero = false;  // where there is no noise, h is infinite and e is not known
  return std::unique_ptr<Sampler>(
      std::make_unique<DpmSampler>(ending, Variant{kOfNoise, kStochastic}, solver_schedule(ending, steps)));
}

}  // namespace

const SamplerKind kDpmSampler = {"dpm++", 0, &all_intervals, &make_dpm<false, false>};
const SamplerKind kDpm2mSampler = {"dpm++2m", 0, &all_intervals, &make_dpm<false, false>};
const SamplerKind kDpmSdeSampler = {"dpm++2m-sde", 0, &all_intervals, &make_dpm<false, true>};
const SamplerKind kDpmOfNoiseSampler = {"dpm", 0, &all_intervals, &make_dpm<true, false>};
const SamplerKind kDpmOfNoiseSdeSampler = {"dpm-sde", 0, &all_intervals, &make_dpm<true, true>};

}  // namespace mobilediffusion
