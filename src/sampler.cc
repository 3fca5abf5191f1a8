// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampler.h"

#include <algorithm>
#include <string>

#include "src/schedule.h"

namespace mobilediffusion {
namespace {

// A new sampler: one file beside gan_sampler.cc, and one row here.
constexpr const SamplerKind* kSamplers[] = {&kGanSampler, &kDdimSampler};

const SamplerKind* find(std::string_view name) {
  for (const SamplerKind* kind : kSamplers) {
    if (kind->name == name) return kind;
  }
  return nullptr;
}

Status unknown_name(std::string_view name) {
  std::string message = "sampler: expected ";
  for (const SamplerKind* kind : kSamplers) message += "\"" + std::string(kind->name) + "\", ";
  return {StatusCode::kInvalidArgument, message + "or \"\" for the model's own, found \"" + std::string(name) + "\""};
}

}  // namespace

int Sampler::start(double strength) const {
  return steps() - std::clamp(static_cast<int>(steps() * strength), 1, steps());
}

void Sampler::add_noise(int start, std::span<const float> x0, std::span<const float> noise,
                        std::span<float> x_t) const {
  mobilediffusion::add_noise(x0, noise, plan_.alpha_bars[static_cast<size_t>(start)], x_t);
}

Result<std::unique_ptr<Sampler>> make_sampler(std::string_view name, const SchedulerConfig& config, int steps) {
  const SamplerKind* kind = find(name.empty() ? std::string_view(config.sampler) : name);
  if (kind == nullptr) return unknown_name(name);
  // The reader of scheduler_config.json has checked this; alpha-bar is indexed by it, so once more.
  for (int t : config.timesteps) {
    if (t < 0 || t >= config.num_train_timesteps) {
      return Status(StatusCode::kInvalidModel, "scheduler: timestep " + std::to_string(t) + " is not from 0 to " +
                                                   std::to_string(config.num_train_timesteps - 1));
    }
  }
  if (config.timesteps.empty()) return Status(StatusCode::kInvalidModel, "scheduler: no timesteps");

  const int span = kind->span(config);
  if (steps < 0 || steps > span) {
    return Status(StatusCode::kInvalidArgument, "steps: expected 1 to " + std::to_string(span) +
                                                    ", or 0 for the model's own, found " + std::to_string(steps));
  }
  SamplerPlan plan;
  plan.prediction_type = config.prediction_type;
  plan.timesteps = kind->timesteps(config, steps);
  const std::vector<double> alphas = alphas_cumprod(config);
  for (int t : plan.timesteps) {
    const double alpha_bar = alphas[static_cast<size_t>(t)];
    if (Status status = check_prediction(config.prediction_type, alpha_bar); !status.ok()) return status;
    plan.alpha_bars.push_back(alpha_bar);
  }
  return kind->make(std::move(plan));
}

}  // namespace mobilediffusion
