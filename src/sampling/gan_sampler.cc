// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Sampling from generators that answer with a whole picture from any of a few noise levels: DiffusionGAN's (Xu et al.,
// "UFOGen", 2023; MobileDiffusion, section 4), and those of SDXS, DMD and SiD. Each step guesses x0, and the next one
// is shown that guess under fresh noise: x_t' = sqrt(a') x0 + sqrt(1-a') noise. With one step there is only the guess.
//
// "gan" and "one-step" are the same, by two names that are looked for. SiD (Zhou et al., "Long and Short Guidance in
// Score identity Distillation", 2024) begins at timestep 625, and with noise as strong as it is there.
#include <algorithm>

#include "src/sampling/sampler.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {
namespace {

constexpr int kSidTimestep = 625;

class GanSampler final : public Sampler {
 public:
  GanSampler(PredictionType type, const std::vector<int>& timesteps, std::vector<double> alpha_bars,
             float initial_scale)
      : Sampler(static_cast<int>(timesteps.size()), as_floats(timesteps), initial_scale),
        type_(type),
        alpha_bars_(std::move(alpha_bars)) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise(alpha_bars_[static_cast<size_t>(i)]); }
  bool needs_noise(int i) const override { return !last(i); }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
            SamplerState&) const override {
    x0_from_output(type_, latents, output, alpha_bars_[static_cast<size_t>(i)], latents);
    if (!last(i)) mix(mixture(i + 1), latents, noise, latents);
  }

 private:
  const PredictionType type_;
  const std::vector<double> alpha_bars_;
};

Result<std::unique_ptr<Sampler>> make_at(const SchedulerConfig& config, const std::vector<int>& timesteps,
                                         bool noise_of_timestep) {
  const std::vector<double> alphas = alphas_cumprod(config);
  std::vector<double> alpha_bars;
  for (int t : timesteps) alpha_bars.push_back(alphas[static_cast<size_t>(t)]);
  const float initial_scale = noise_of_timestep ? signal_and_noise(alpha_bars.front()).noise : 1.0f;
  return checked(config.prediction_type,
                 std::make_unique<GanSampler>(config.prediction_type, timesteps, std::move(alpha_bars), initial_scale));
}

// From the noisiest timestep that the model knows: its own timesteps when the number fits them, otherwise evenly from
// its first one down.
int most_gan_steps(const SchedulerConfig& config) { return config.timesteps.front() + 1; }

Result<std::unique_ptr<Sampler>> make_gan(const SchedulerConfig& config, int steps) {
  const bool own = steps == static_cast<int>(config.timesteps.size());
  return make_at(config, own ? config.timesteps : trailing_timesteps(most_gan_steps(config), steps), false);
}

int sid_first(const SchedulerConfig& config) { return std::min(kSidTimestep, config.num_train_timesteps - 1); }

int most_sid_steps(const SchedulerConfig& config) { return std::max(1, sid_first(config)); }

Result<std::unique_ptr<Sampler>> make_sid(const SchedulerConfig& config, int steps) {
  std::vector<int> timesteps;
  for (int i = 0; i < steps; ++i) timesteps.push_back(sid_first(config) * (steps - i) / steps);
  return make_at(config, timesteps, true);
}

}  // namespace

const SamplerKind kGanSampler = {"gan", 1, &most_gan_steps, &make_gan};
const SamplerKind kOneStepSampler = {"one-step", 1, &most_gan_steps, &make_gan};
const SamplerKind kSidSampler = {"sid", 1, &most_sid_steps, &make_sid};

}  // namespace mobilediffusion
