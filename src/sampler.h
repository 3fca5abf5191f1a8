// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How noise becomes a latent picture, step by step. One file a sampler, and one row in the table of sampler.cc:
//
//   Result<std::unique_ptr<Sampler>> sampler = make_sampler("", config, 0);
//   for (int i = 0; i < sampler->steps(); ++i) {
//     output = unet(latents, sampler->timesteps()[i]);
//     if (sampler->needs_noise(i)) fill_normal(seed, i + 1, 0, noise);
//     sampler->step(i, output, latents, noise);
//   }                                              // latents now hold x0
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/config.h"

namespace mobilediffusion {

// What a sampler is made from: the chosen timesteps, and alpha-bar at each of them.
struct SamplerPlan {
  PredictionType prediction_type = PredictionType::kEpsilon;
  std::vector<int> timesteps;
  std::vector<double> alpha_bars;
};

// Immutable once made: any number of threads may use one.
class Sampler {
 public:
  virtual ~Sampler() = default;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  // At which timesteps the network is asked, in order: descending, never empty.
  std::span<const int> timesteps() const { return plan_.timesteps; }
  int steps() const { return static_cast<int>(plan_.timesteps.size()); }

  // Where to begin when the start is a picture, `strength` from 0 (leave it) to 1 (all noise), and the latents there.
  // At least one step is left.
  int start(double strength) const;
  void add_noise(int start, std::span<const float> x0, std::span<const float> noise, std::span<float> x_t) const;

  // Whether step(i) reads `noise`: standard normal, stream i + 1 of noise.h (the noise before step i + 1).
  virtual bool needs_noise(int i) const = 0;

  // Takes the latents from timesteps()[i] to timesteps()[i + 1], given the network's output there; the last step leaves
  // x0. Elementwise: all spans have one length and one order of elements, whichever that is. `noise` may be empty where
  // needs_noise(i) is false.
  virtual void step(int i, std::span<const float> output, std::span<float> latents,
                    std::span<const float> noise) const = 0;

 protected:
  explicit Sampler(SamplerPlan plan) : plan_(std::move(plan)) {}

  bool last(int i) const { return i + 1 == steps(); }

  const SamplerPlan plan_;
};

// `name` is "gan", "ddim", or "" for the model's own, which config.sampler names. `steps` 0 takes as many as the model
// was fine-tuned for. Errors: kInvalidArgument (an unknown name; steps not from 1 to the timesteps there are),
// kInvalidModel (a prediction type that this schedule forbids).
Result<std::unique_ptr<Sampler>> make_sampler(std::string_view name, const SchedulerConfig& config, int steps);

// A row of the table in sampler.cc: how to choose `steps` timesteps below `span`, 1 <= steps <= span, and the class.
struct SamplerKind {
  std::string_view name;
  int (*span)(const SchedulerConfig& config);
  std::vector<int> (*timesteps)(const SchedulerConfig& config, int steps);
  std::unique_ptr<Sampler> (*make)(SamplerPlan plan);
};
extern const SamplerKind kGanSampler;
extern const SamplerKind kDdimSampler;

}  // namespace mobilediffusion
