// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// DDIM with eta 0 (Song et al., "Denoising Diffusion Implicit Models", 2021, equation 12): deterministic. The output is
// split into the picture x0 and the noise e that x_t is made of, and both are mixed anew in the next timestep's
// proportion: x_t' = sqrt(a') x0 + sqrt(1-a') e; after the last, a' = 1.
#include "src/sampler.h"
#include "src/schedule.h"

namespace mobilediffusion {
namespace {

struct Parts {
  float x0;
  float e;
};

// The three prediction types, at x_t = signal x0 + noise e.
Parts from_epsilon(float x, float output, SignalAndNoise at) { return {(x - at.noise * output) / at.signal, output}; }

Parts from_v(float x, float output, SignalAndNoise at) {
  return {at.signal * x - at.noise * output, at.noise * x + at.signal * output};
}

Parts from_sample(float x, float output, SignalAndNoise at) { return {output, (x - at.signal * output) / at.noise}; }

template <Parts (*Split)(float, float, SignalAndNoise)>
void remix(std::span<const float> output, std::span<float> latents, SignalAndNoise at, SignalAndNoise next) {
  for (size_t i = 0; i < latents.size(); ++i) {
    const Parts parts = Split(latents[i], output[i], at);
    latents[i] = next.signal * parts.x0 + next.noise * parts.e;
  }
}

class DdimSampler final : public Sampler {
 public:
  explicit DdimSampler(SamplerPlan plan) : Sampler(std::move(plan)) {}

  bool needs_noise(int) const override { return false; }

  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>) const override {
    const size_t now = static_cast<size_t>(i);
    if (last(i)) return x0_from_output(plan_.prediction_type, latents, output, plan_.alpha_bars[now], latents);
    const SignalAndNoise at = signal_and_noise(plan_.alpha_bars[now]);
    const SignalAndNoise next = signal_and_noise(plan_.alpha_bars[now + 1]);
    switch (plan_.prediction_type) {
      case PredictionType::kEpsilon:
        return remix<from_epsilon>(output, latents, at, next);
      case PredictionType::kVPrediction:
        return remix<from_v>(output, latents, at, next);
      case PredictionType::kSample:
        return remix<from_sample>(output, latents, at, next);
    }
  }
};

int span_of(const SchedulerConfig& config) { return config.num_train_timesteps; }

// Trailing also where the model names its timesteps: those are DiffusionGAN's. Without a number, as many as they are.
std::vector<int> choose_timesteps(const SchedulerConfig& config, int steps) {
  const int count = steps == 0 ? static_cast<int>(config.timesteps.size()) : steps;
  return trailing_timesteps(span_of(config), count);
}

std::unique_ptr<Sampler> make(SamplerPlan plan) { return std::make_unique<DdimSampler>(std::move(plan)); }

}  // namespace

const SamplerKind kDdimSampler = {"ddim", &span_of, &choose_timesteps, &make};

}  // namespace mobilediffusion
