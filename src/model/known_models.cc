// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/known_models.h"

#include <algorithm>
#include <string_view>

namespace mobilediffusion {
namespace {

struct Recipe {
  std::string_view sampler;  // empty: the folder's own
  int steps;
  float guidance;  // 1: off
};

struct KnownModel {
  std::string_view name;  // a part of it, in lower case, words joined by hyphens
  Recipe recipe;
};

// A new model: one row here. The first that fits counts.
constexpr KnownModel kKnownModels[] = {
    {"sdxs", {"one-step", 1, 1.0f}},  // its folder names the scheduler of the model that it was made from
    {"instaflow", {"flow", 1, 1.0f}},
    {"2-rectified-flow", {"flow", 25, 1.5f}},
    {"rectifiedflowpipeline", {"flow", 1, 1.0f}},
    {"sid-lsg", {"sid", 1, 1.0f}},
    {"dmd", {"one-step", 1, 1.0f}},
    {"sd-turbo", {"", 1, 1.0f}},
};

// SD-Turbo, whose scheduler is Euler's of the last timesteps, for noise as its network's output. Models that end in pure
// noise (zero SNR) or predict v want the same spacing with many steps, and of SD 1's kin, whose UNets read a text
// encoder of 768 values, there is no Turbo.
bool is_turbo(const UNetConfig& unet, const SchedulerConfig& scheduler) {
  constexpr int kSd1TextWidth = 768;
  return scheduler.sampler == "euler" && scheduler.timestep_spacing == TimestepSpacing::kTrailing &&
         scheduler.prediction_type == PredictionType::kEpsilon && !scheduler.rescale_betas_zero_snr &&
         !scheduler.use_karras_sigmas && unet.cross_attention_dim != kSd1TextWidth;
}

// By what a folder's files say.
Recipe recipe_by_facts(const UNetConfig& unet, const SchedulerConfig& scheduler) {
  if (unet.time_cond_proj_dim > 0) return {"", 4, 8.0f};  // LCM, with a guidance embedding
  if (scheduler.sampler == "lcm" || scheduler.sampler == "tcd") return {"", 4, 1.0f};
  if (is_turbo(unet, scheduler)) return {"", 1, 1.0f};
  return {"", 25, 7.5f};  // not distilled
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

// As a word, to which a number may be joined.
bool mentions(std::string name, std::string_view word) {
  for (char& c : name) c = c == '_' || c == ' ' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  for (size_t at = name.find(word); at != std::string::npos; at = name.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || !is_letter(name[at - 1])) && (end == name.size() || !is_letter(name[end]))) return true;
  }
  return false;
}

}  // namespace

void apply_known_model(std::span<const std::string> names, const UNetConfig& unet, SchedulerConfig* scheduler) {
  if (scheduler->sampler == "gan") return;  // its file says all
  Recipe recipe = recipe_by_facts(unet, *scheduler);
  const auto* const known =
      std::find_if(std::begin(kKnownModels), std::end(kKnownModels), [&](const KnownModel& model) {
        return std::any_of(names.begin(), names.end(),
                           [&](const std::string& name) { return mentions(name, model.name); });
      });
  if (known != std::end(kKnownModels)) recipe = known->recipe;
  if (!recipe.sampler.empty()) scheduler->sampler = recipe.sampler;
  scheduler->steps = recipe.steps;
  scheduler->guidance = recipe.guidance;
}

}  // namespace mobilediffusion
