// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PLMS: PNDM (Liu et al., "Pseudo Numerical Methods for Diffusion Models on Manifolds", 2022) without its Runge-Kutta
// start, as Stable Diffusion is sampled. Each step goes along a combination of the last four outputs (Adams-Bashforth);
// the first one is taken twice, the second time along the mean of the outputs at its two ends. So the network runs once
// more than there are steps, and the second timestep comes twice.
#include <algorithm>

#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

std::vector<float> with_second_twice(const std::vector<int>& timesteps) {
  std::vector<float> runs = as_floats(timesteps);
  if (runs.size() > 1) runs.insert(runs.begin() + 1, runs[1]);
  return runs;
}

// Of the newest output first.
std::span<const float> adams_bashforth(size_t outputs) {
  static constexpr float kOne[] = {1};
  static constexpr float kTwo[] = {3 / 2.0f, -1 / 2.0f};
  static constexpr float kThree[] = {23 / 12.0f, -16 / 12.0f, 5 / 12.0f};
  static constexpr float kFour[] = {55 / 24.0f, -59 / 24.0f, 37 / 24.0f, -9 / 24.0f};
  switch (outputs) {
    case 1:
      return kOne;
    case 2:
      return kTwo;
    case 3:
      return kThree;
    default:
      return kFour;
  }
}

class PlmsSampler final : public Sampler {
 public:
  PlmsSampler(const SchedulerConfig& config, const std::vector<int>& timesteps)
      : Sampler(static_cast<int>(timesteps.size()), with_second_twice(timesteps)),
        type_(config.prediction_type),
        stride_(config.num_train_timesteps / steps()),
        alphas_(alphas_cumprod(config)),
        final_alpha_(config.set_alpha_to_one.value_or(false) ? 1.0 : alphas_.front()) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise(alpha(timestep(i))); }

  // What is the first and the second run counts from where the picture began.
  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState& state) const override {
    const bool again = state.done == 1;
    int from = timestep(i), to = from - stride_;
    std::vector<float> direction(output.size(), 0.0f);
    if (again) {
      to = from;
      from += stride_;
      for (size_t k = 0; k < output.size(); ++k) direction[k] = (output[k] + state.history.front()[k]) / 2;
      std::copy(state.latents.begin(), state.latents.end(), latents.begin());
    } else {
      state.history.emplace_front(output.begin(), output.end());
      if (state.history.size() > 4) state.history.pop_back();
      const std::span<const float> weights = adams_bashforth(state.history.size());
      for (size_t past = 0; past < weights.size(); ++past) {
        for (size_t k = 0; k < output.size(); ++k) direction[k] += weights[past] * state.history[past][k];
      }
    }
    if (state.done == 0) state.latents.assign(latents.begin(), latents.end());
    ++state.done;
    transfer(signal_and_noise(alpha(from)), signal_and_noise(alpha(to)), direction, latents);
  }

 private:
  int timestep(int i) const { return static_cast<int>(timesteps()[static_cast<size_t>(i)]); }

  double alpha(int t) const {
    return t < 0 ? final_alpha_ : alphas_[std::min(static_cast<size_t>(t), alphas_.size() - 1)];
  }

  // Equation 9 of the paper, which is DDIM's step.
  void transfer(SignalAndNoise from, SignalAndNoise to, std::span<const float> direction,
                std::span<float> latents) const {
    for (size_t k = 0; k < latents.size(); ++k) {
      const Parts parts = split(type_, latents[k], direction[k], from);
      latents[k] = to.signal * parts.x0 + to.noise * parts.e;
    }
  }

  const PredictionType type_;
  const int stride_;
  const std::vector<double> alphas_;
  const double final_alpha_;
};

Result<std::unique_ptr<Sampler>> make_plms(const SchedulerConfig& config, int steps) {
  const std::vector<int> timesteps =
      spaced_timesteps(config.timestep_spacing.value_or(TimestepSpacing::kLeading), config, steps);
  return checked(config.prediction_type, std::make_unique<PlmsSampler>(config, timesteps));
}

}  // namespace

const SamplerKind kPlmsSampler = {"plms", 0, &all_timesteps, &make_plms};

}  // namespace mobilediffusion
