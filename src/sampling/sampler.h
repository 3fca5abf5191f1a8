// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How noise becomes a latent picture, step by step. One file a sampler, and one row in the table of sampler.cc:
//
//   Result<std::unique_ptr<Sampler>> sampler = make_sampler("", config, 0);
//   latents = sampler->initial_scale() * noise;              // or sampler->add_noise(start, picture, noise, latents)
//   SamplerState state;
//   for (int i = 0; i < sampler->runs(); ++i) {              // or from i = start
//     output = unet(sampler->input_scale(i) * latents, sampler->timesteps()[i]);
//     if (sampler->needs_noise(i)) noise_source.draw(i + 1, noise);
//     sampler->step(i, output, latents, noise, state);
//   }                                                        // latents now hold x0
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/model/config.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {

// What a sampler remembers from step to step of one picture, newest first. Made empty for each.
struct SamplerState {
  std::deque<std::vector<float>> history;
  std::vector<float> latents;
  int done = 0;  // steps taken
};

// Immutable once made: any number of threads may use one, each with a state of its own.
class Sampler {
 public:
  virtual ~Sampler() = default;
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  // As many as were asked for; and how often the network is run for them, which PLMS does once more, and a sampler
  // that looks at the middle of each step twice a step, but for the last.
  int steps() const { return steps_; }
  int runs() const { return static_cast<int>(timesteps_.size()); }
  virtual int runs_per_step() const { return 1; }
  int steps_from(int run) const { return steps() - run / runs_per_step(); }  // that are left at a start()

  // The timestep of each run, the network's input: descending, never empty. Some samplers go between whole ones.
  std::span<const float> timesteps() const { return timesteps_; }

  // What standard normal noise is multiplied with to become the latents of run 0, and what the latents are multiplied
  // with before the network sees them in run i.
  float initial_scale() const { return initial_scale_; }
  virtual float input_scale(int /*i*/) const { return 1.0f; }

  // A picture's latents at run i are signal * x0 + noise * standard normal noise.
  virtual SignalAndNoise mixture(int i) const = 0;

  // Where to begin when the start is a picture: at run start(strength), strength from 0 (leave it) to 1 (all noise),
  // with add_noise()'s x_t as the latents. At least one run is left.
  int start(double strength) const;
  void add_noise(int start, std::span<const float> x0, std::span<const float> noise, std::span<float> x_t) const;

  // Whether step(i) reads `noise`: standard normal.
  virtual bool needs_noise(int /*i*/) const { return false; }

  // Takes the latents of run i to those of run i + 1, given the network's output; the last leaves x0. Elementwise: all
  // spans have one length and one order of elements, whichever that is. `noise` may be empty where needs_noise(i) is
  // false. Runs are taken in order, with one state, from 0 or from a start().
  virtual void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float> noise,
                    SamplerState& state) const = 0;

 protected:
  Sampler(int steps, std::vector<float> timesteps, float initial_scale = 1.0f)
      : steps_(steps), timesteps_(std::move(timesteps)), initial_scale_(initial_scale) {}

  bool last(int i) const { return i + 1 == runs(); }

 private:
  const int steps_;
  const std::vector<float> timesteps_;
  const float initial_scale_;
};

// `name` is a row of the table, or "" for the model's own, which config.sampler names. Letters of either case will do,
// hyphens, underscores and spaces may be left out or added, and "dpmpp" is "dpm++". `steps` 0 takes as many as the
// model wants (usual_steps). Errors: kInvalidArgument (an unknown name; steps not from 1 to the most there can be),
// kInvalidModel (a prediction type that this schedule forbids), kUnsupported (the model's own is not supported, or not
// as its file wants it: config.refusal).
Result<std::unique_ptr<Sampler>> make_sampler(std::string_view name, const SchedulerConfig& config, int steps);

// What a caller who says nothing gets: the model's own where `name` is "" or the model's sampler, and where it is that
// of distilled models (LCM, say, asked for because a LoRA made the model one) what those want.
int usual_steps(std::string_view name, const SchedulerConfig& config);
float usual_guidance(std::string_view name, const SchedulerConfig& config);

// "gan, one-step, ...": every row's.
std::string sampler_names();

// The row's, by any spelling of it or "" for the model's own; "" where there is none.
std::string sampler_name(std::string_view name, const SchedulerConfig& config);

// What most rows' make() ends with: an error where the first run's output says nothing of x0.
Result<std::unique_ptr<Sampler>> checked(PredictionType type, std::unique_ptr<Sampler> sampler);

// A row of the table in sampler.cc.
struct SamplerKind {
  std::string_view name;
  int usual_steps;  // of the models that were distilled for this sampler; 0: it is not for such
  int (*most_steps)(const SchedulerConfig& config);
  Result<std::unique_ptr<Sampler>> (*make)(const SchedulerConfig& config, int steps);  // 1 <= steps <= most_steps
};
extern const SamplerKind kGanSampler;
extern const SamplerKind kOneStepSampler;
extern const SamplerKind kSidSampler;
extern const SamplerKind kDdimSampler;
extern const SamplerKind kDdpmSampler;
extern const SamplerKind kPlmsSampler;
extern const SamplerKind kEulerSampler;
extern const SamplerKind kEulerAncestralSampler;
extern const SamplerKind kDpmSampler;
extern const SamplerKind kDpm2mSampler;
extern const SamplerKind kDpmSdeSampler;
extern const SamplerKind kDpmSingleSdeSampler;
extern const SamplerKind kDpmOfNoiseSampler;
extern const SamplerKind kDpmOfNoiseSdeSampler;
extern const SamplerKind kUniPcSampler;
extern const SamplerKind kDeisSampler;
extern const SamplerKind kLcmSampler;
extern const SamplerKind kTcdSampler;
extern const SamplerKind kFlowSampler;

}  // namespace mobilediffusion
