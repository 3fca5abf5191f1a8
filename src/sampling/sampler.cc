// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/sampler.h"

#include <algorithm>

namespace mobilediffusion {
namespace {

#if defined(MOBILEDIFFUSION_SAMPLERS)  // a build of some of them: CMakeLists.txt has found their rows
constexpr const SamplerKind* kSamplers[] = {MOBILEDIFFUSION_SAMPLERS};
#else
// A new sampler: one file beside ddim_sampler.cc, and one row here.
constexpr const SamplerKind* kSamplers[] = {
    &kGanSampler,        &kOneStepSampler,       &kSidSampler,    &kDdimSampler,
    &kDdpmSampler,       &kPlmsSampler,          &kEulerSampler,  &kEulerAncestralSampler,
    &kDpmSampler,        &kDpm2mSampler,         &kDpmSdeSampler, &kDpmSingleSdeSampler,
    &kDpmOfNoiseSampler, &kDpmOfNoiseSdeSampler, &kUniPcSampler,  &kDeisSampler,
    &kLcmSampler,        &kTcdSampler,           &kFlowSampler};
#endif

// What "DPM++ 2M SDE" and "dpmpp_2m_sde" have in common with "dpm++2m-sde".
std::string folded(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c == '-' || c == '_' || c == ' ') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return letters.starts_with("dpmpp") ? "dpm++" + letters.substr(5) : letters;
}

const SamplerKind* find(std::string_view name) {
  for (const SamplerKind* kind : kSamplers) {
    if (folded(kind->name) == folded(name)) return kind;
  }
  return nullptr;
}

const SamplerKind* find(std::string_view name, const SchedulerConfig& config) {
  return find(name.empty() ? std::string_view(config.sampler) : name);
}

// The file's own, by whichever of its names, with an option that is not supported.
bool is_refused(const SamplerKind& kind, const SchedulerConfig& config) {
  const SamplerKind* const refused = config.refusal.ok() ? nullptr : find(config.refused_sampler);
  return refused != nullptr && kind.make == refused->make;
}

// Asked for in place of the model's own, by whom it must be assumed that the model was distilled for it.
bool brings_its_own(const SamplerKind* kind, const SchedulerConfig& config) {
  return kind != nullptr && kind->usual_steps > 0 && kind->name != config.sampler;
}

}  // namespace

int Sampler::start(double strength) const {
  const int kept = std::clamp(static_cast<int>(steps() * strength), 1, steps());
  return (steps() - kept) * runs_per_step();
}

void Sampler::add_noise(int start, std::span<const float> x0, std::span<const float> noise,
                        std::span<float> x_t) const {
  mix(mixture(start), x0, noise, x_t);
}

Result<std::unique_ptr<Sampler>> checked(PredictionType type, std::unique_ptr<Sampler> sampler) {
  const float signal = sampler->mixture(0).signal;
  if (Status status = check_prediction(type, signal); !status.ok()) return status;
  return sampler;
}

std::string sampler_names() {
  std::string names;
  for (const SamplerKind* kind : kSamplers) names += (names.empty() ? "" : ", ") + std::string(kind->name);
  return names;
}

std::string sampler_name(std::string_view name, const SchedulerConfig& config) {
  const SamplerKind* const kind = find(name, config);
  return kind != nullptr ? std::string(kind->name) : std::string();
}

int usual_steps(std::string_view name, const SchedulerConfig& config) {
  const SamplerKind* const kind = find(name, config);
  if (brings_its_own(kind, config)) return kind->usual_steps;
  return config.steps > 0 ? config.steps : static_cast<int>(config.timesteps.size());
}

float usual_guidance(std::string_view name, const SchedulerConfig& config) {
  return brings_its_own(find(name, config), config) ? 1.0f : config.guidance;
}

Result<std::unique_ptr<Sampler>> make_sampler(std::string_view name, const SchedulerConfig& config, int steps) {
  const SamplerKind* const kind = find(name, config);
  if (kind == nullptr && name.empty()) {
    return Status(StatusCode::kUnsupported,
                  "the model's scheduler_config.json is of the class " + config.class_name +
                      ", which is not supported; ask for another sampler (--sampler): " + sampler_names());
  }
  if (kind == nullptr) {
    return Status(StatusCode::kInvalidArgument, "sampler: expected one of " + sampler_names() +
                                                    ", or \"\" for the model's own, found \"" + std::string(name) +
                                                    "\"");
  }
  if (is_refused(*kind, config)) {
    return Status(config.refusal.code(),
                  config.refusal.message() + "; or ask for another sampler (--sampler): " + sampler_names());
  }
  // The reader of scheduler_config.json has checked this; alpha-bar is indexed by it, so once more.
  for (int t : config.timesteps) {
    if (t < 0 || t >= config.num_train_timesteps) {
      return Status(StatusCode::kInvalidModel, "scheduler: timestep " + std::to_string(t) + " is not from 0 to " +
                                                   std::to_string(config.num_train_timesteps - 1));
    }
  }
  if (config.timesteps.empty()) return Status(StatusCode::kInvalidModel, "scheduler: no timesteps");

  const int most = kind->most_steps(config);
  const int count = steps != 0 ? steps : std::min(usual_steps(name, config), most);
  if (count < 1 || count > most) {
    return Status(StatusCode::kInvalidArgument, "steps: expected 1 to " + std::to_string(most) + " of the sampler " +
                                                    std::string(kind->name) + ", or 0 for the model's own, found " +
                                                    std::to_string(steps));
  }
  return kind->make(config, count);
}

}  // namespace mobilediffusion
