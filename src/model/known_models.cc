// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/known_models.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <utility>

#include "src/files/in_message.h"

namespace mobilediffusion {
namespace {

struct Sampling {
  std::string_view sampler;  // empty: the folder's own
  int steps;
  float guidance;  // 1: off
};

struct KnownModel {
  std::string_view name;  // a part of it, in lower case, words joined by hyphens
  Sampling sampling;
};

constexpr Sampling kManySteps = {"", 25, 7.5f};

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

// Models of many steps. Only the folder's own name tells: what was distilled from one of these keeps its name within.
constexpr std::string_view kOfManySteps[] = {"stable-diffusion", "bk-sdm"};

// SDXS's UNet, which has no attention among pixels at its first level, one resnet a level and no middle.
bool has_sdxs_shape(const UNetConfig& unet) {
  constexpr int kChannels[] = {320, 640, 1280};
  if (unet.middle || unet.levels.size() != std::size(kChannels)) return false;
  for (size_t i = 0; i < unet.levels.size(); ++i) {
    if (unet.levels[i].channels != kChannels[i] || unet.levels[i].resnets != 1) return false;
  }
  return unet.levels[0].transformer_layers == 0 || !unet.levels[0].self_attention;
}

// SD-Turbo, whose scheduler is Euler's of the last timesteps, for noise as its network's output. Models that end in
// pure noise (zero SNR) or predict v want the same spacing with many steps, and of SD 1's kin, whose UNets read a text
// encoder of 768 values, there is no Turbo.
bool is_turbo(const UNetConfig& unet, const SchedulerConfig& scheduler) {
  constexpr int kSd1TextWidth = 768;
  return scheduler.sampler == "euler" && scheduler.timestep_spacing == TimestepSpacing::kTrailing &&
         scheduler.prediction_type == PredictionType::kEpsilon && !scheduler.rescale_betas_zero_snr &&
         !scheduler.use_karras_sigmas && unet.cross_attention_dim != kSd1TextWidth;
}

// By what a folder's files say.
std::pair<Sampling, Recipe> by_facts(const UNetConfig& unet, const SchedulerConfig& scheduler) {
  if (unet.time_cond_proj_dim > 0) return {{"", 4, 8.0f}, {"its UNet has a guidance embedding, as LCMs have"}};
  if (scheduler.sampler == "lcm" || scheduler.sampler == "tcd")
    return {{"", 4, 1.0f}, {"its scheduler is a consistency model's"}};
  if (has_sdxs_shape(unet)) return {{"one-step", 1, 1.0f}, {"its UNet has the shape of SDXS"}};
  if (is_turbo(unet, scheduler)) return {{"", 1, 1.0f}, {"its scheduler is SD-Turbo's"}};
  return {kManySteps, {"neither its name nor its files say that it was distilled to fewer steps", /*assumed=*/true}};
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

Recipe apply_known_model(std::span<const std::string> names, std::span<const std::string> written,
                         const UNetConfig& unet, SchedulerConfig* scheduler) {
  if (scheduler->sampler == "gan") return {};  // its file says all
  auto [sampling, recipe] = by_facts(unet, *scheduler);
  const auto called = [&](std::string_view word) -> const std::string* {
    for (const std::span<const std::string> list : {names, written}) {
      const auto found = std::find_if(list.begin(), list.end(), [&](const auto& name) { return mentions(name, word); });
      if (found != list.end()) return &*found;
    }
    return nullptr;
  };
  const std::string* name = nullptr;
  for (const KnownModel& model : kKnownModels) {
    if (name = called(model.name); name == nullptr) continue;
    sampling = model.sampling;
    recipe = {"it is called " + in_message(*name)};
    break;
  }
  for (const std::string_view word : kOfManySteps) {
    const auto found =
        std::find_if(names.begin(), names.end(), [&](const std::string& each) { return mentions(each, word); });
    if (recipe.assumed && found != names.end()) recipe = {"it is called " + in_message(*found)};
  }
  if (!sampling.sampler.empty()) scheduler->sampler = sampling.sampler;
  scheduler->steps = sampling.steps;
  scheduler->guidance = sampling.guidance;
  return recipe;
}

std::string assumption(const Recipe& recipe, const SchedulerConfig& scheduler) {
  if (!recipe.assumed) return {};
  char guidance[32];
  std::snprintf(guidance, sizeof guidance, "%g", static_cast<double>(scheduler.guidance));
  return "taken for a model of many steps (" + std::to_string(scheduler.steps) + ", guidance " + guidance +
         "): " + recipe.reason + "; one of a single step wants the sampler one-step, 1 step and guidance 1 " +
         "(--sampler one-step --steps 1 --guidance 1)";
}

}  // namespace mobilediffusion
