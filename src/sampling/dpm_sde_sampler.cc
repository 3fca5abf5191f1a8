// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DPM++ SDE: the singlestep second order of DPM-Solver++ (Lu et al., 2022) for the stochastic differential equation, in
// k-diffusion's form, which diffusers calls DPMSolverSDEScheduler. Each step runs the network twice: at its beginning,
// and at its middle in log sigma. Both times it is Euler's ancestral step (euler_sampler.cc), first to the middle, then
// from the beginning to the end with the x0 that the middle gave; a last step to no noise has the first run alone.
//
// The noise of both is one Brownian motion's over sigma: what the whole step is given contains what the half was given.
// diffusers draws it from torchsde's tree, whose numbers depend on torchsde; here each run has fresh noise, and the two
// are put together in the proportion of the sigmas that they cover, which has the same distribution.
#include <algorithm>
#include <cmath>

#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

class DpmSdeSampler final : public Sampler {
 public:
  // `sigmas` and the timesteps of `schedule` are every run's: a step's beginning, its middle, the next one's beginning.
  DpmSdeSampler(const SchedulerConfig& config, int steps, SigmaSchedule schedule)
      : Sampler(steps, schedule.timesteps, initial_scale_of_sigmas(config, schedule.sigmas.front())),
        type_(config.prediction_type),
        sigmas_(std::move(schedule.sigmas)) {}

  int runs_per_step() const override { return 2; }
  float input_scale(int i) const override { return signal_and_noise_of_sigma(sigma(i)).signal; }
  SignalAndNoise mixture(int i) const override { return {1.0f, static_cast<float>(sigma(i))}; }
  bool needs_noise(int i) const override { return sigma(i + 1) > 0; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState& state) const override {
    const SignalAndNoise at = signal_and_noise_of_sigma(sigma(i));
    std::vector<float> x0(latents.size());
    for (size_t k = 0; k < latents.size(); ++k) x0[k] = split(type_, at.signal * latents[k], output[k], at).x0;
    if (last(i)) {
      std::copy(x0.begin(), x0.end(), latents.begin());
    } else if (i % 2 == 0) {
      state.latents.assign(latents.begin(), latents.end());
      state.history.assign(1, std::vector<float>(noise.begin(), noise.end()));
      go(sigma(i), sigma(i + 1), x0, noise, latents);
    } else {
      const double whole = sigma(i - 1) - sigma(i + 1);
      const double part = whole > 0 ? (sigma(i - 1) - sigma(i)) / whole : 1.0;
      const auto first = static_cast<float>(std::sqrt(part)), second = static_cast<float>(std::sqrt(1 - part));
      std::vector<float>& both = state.history.front();
      for (size_t k = 0; k < both.size(); ++k) both[k] = first * both[k] + second * noise[k];
      std::copy(state.latents.begin(), state.latents.end(), latents.begin());
      go(sigma(i - 1), sigma(i + 1), x0, both, latents);
    }
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }

  static void go(double from, double to, std::span<const float> x0, std::span<const float> noise,
                 std::span<float> latents) {
    const AncestralStep step = ancestral_step(from, to);
    const auto rest = static_cast<float>(step.down / from), fresh = static_cast<float>(step.up);
    for (size_t k = 0; k < latents.size(); ++k) latents[k] = x0[k] + rest * (latents[k] - x0[k]) + fresh * noise[k];
  }

  const PredictionType type_;
  const std::vector<double> sigmas_;
};

Result<std::unique_ptr<Sampler>> make_dpm_single_sde(const SchedulerConfig& config, int steps) {
  SchedulerConfig ending = config;
  ending.final_sigma_is_zero = true;  // the class knows no other end
  const SigmaSchedule whole = euler_schedule(ending, steps);
  const std::vector<double> table = training_sigmas(config);
  SigmaSchedule runs;
  for (size_t i = 0; i < whole.timesteps.size(); ++i) {
    runs.timesteps.push_back(whole.timesteps[i]);
    runs.sigmas.push_back(whole.sigmas[i]);
    if (i + 1 == whole.timesteps.size()) break;
    runs.sigmas.push_back(std::sqrt(whole.sigmas[i] * whole.sigmas[i + 1]));
    runs.timesteps.push_back(static_cast<float>(timestep_of_sigma(runs.sigmas.back(), table)));
  }
  runs.sigmas.push_back(whole.sigmas.back());
  return std::unique_ptr<Sampler>(std::make_unique<DpmSdeSampler>(config, steps, std::move(runs)));
}

}  // namespace

const SamplerKind kDpmSingleSdeSampler = {"dpm++-sde", 0, &all_timesteps, &make_dpm_single_sde};

}  // namespace mobilediffusion
