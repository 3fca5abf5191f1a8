// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// scheduler/scheduler_config.json: our own DiffusionGANScheduler, and diffusers' classes with that library's meaning of
// every key and its default for each that is absent.
//
// What the network was trained with is read for any class, since any sampler needs it. What only concerns one solver is
// read where the file names it, as another's habits are no reason to refuse a model.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>

#include "src/model/config_reading.h"

namespace mobilediffusion {
namespace {

// What each class is called here, and the betas it assumes.
struct SchedulerClass {
  const char* name;
  const char* sampler;
  bool stable_diffusions_betas;
};
constexpr SchedulerClass kClasses[] = {{"DiffusionGANScheduler", "gan", true},
                                       {"DDIMScheduler", "ddim", false},
                                       {"PNDMScheduler", "plms", false},
                                       {"EulerDiscreteScheduler", "euler", false},
                                       {"EulerAncestralDiscreteScheduler", "euler-a", false},
                                       {"DPMSolverMultistepScheduler", "dpm++", false},
                                       {"DEISMultistepScheduler", "deis", false},
                                       {"LCMScheduler", "lcm", true},
                                       {"TCDScheduler", "tcd", true}};
constexpr SchedulerClass kOther = {"", "", false};

const SchedulerClass& class_of(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kClasses), std::end(kClasses),
                                         [&](const SchedulerClass& row) { return name == row.name; });
  return found != std::end(kClasses) ? *found : kOther;
}

// Python writes minus infinity, of a limit that is none, as JSON does not: taken for null. Text within quotes stays.
std::string without_infinities(std::string_view text) {
  constexpr std::string_view kInfinity = "-Infinity";
  std::string out;
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"' && (at == 0 || text[at - 1] != '\\')) quoted = !quoted;
    if (!quoted && text.substr(at).starts_with(kInfinity)) {
      out += "null";
      at += kInfinity.size() - 1;
    } else {
      out += text[at];
    }
  }
  return out;
}

void read_training(JsonReader& json, bool stable_diffusions_betas, SchedulerConfig* config) {
  config->num_train_timesteps = static_cast<int>(json.integer("num_train_timesteps", 1, 1 << 20, 1000));
  config->beta_start = json.number("beta_start", 1e-9, 0.999, stable_diffusions_betas ? 0.00085 : 0.0001);
  config->beta_end = json.number("beta_end", 1e-9, 0.999, stable_diffusions_betas ? 0.012 : 0.02);
  config->beta_schedule = choice<BetaSchedule>(
      json, "beta_schedule", json.string("beta_schedule", stable_diffusions_betas ? "scaled_linear" : "linear"),
      {{"linear", BetaSchedule::kLinear},
       {"scaled_linear", BetaSchedule::kScaledLinear},
       {"squaredcos_cap_v2", BetaSchedule::kSquaredCosine}});
  config->rescale_betas_zero_snr = json.boolean("rescale_betas_zero_snr", false);
  config->prediction_type = choice<PredictionType>(json, "prediction_type", json.string("prediction_type", "epsilon"),
                                                   {{"epsilon", PredictionType::kEpsilon},
                                                    {"v_prediction", PredictionType::kVPrediction},
                                                    {"sample", PredictionType::kSample}});
  const int last = config->num_train_timesteps - 1;
  config->timesteps = json.has("timesteps") ? json.integers("timesteps", 1, 1000, 0, last) : std::vector<int>{last};
}

// Where each sampler has a default of its own, the key's absence is kept.
void read_spacing(JsonReader& json, SchedulerConfig* config) {
  config->timestep_spacing.reset();
  if (json.has("timestep_spacing")) {
    config->timestep_spacing = choice<TimestepSpacing>(json, "timestep_spacing", json.string("timestep_spacing"),
                                                       {{"leading", TimestepSpacing::kLeading},
                                                        {"trailing", TimestepSpacing::kTrailing},
                                                        {"linspace", TimestepSpacing::kLinspace}});
  }
  const auto flag = [&](const char* key) {
    return json.has(key) ? std::optional<bool>(json.boolean(key)) : std::nullopt;
  };
  config->steps_offset = static_cast<int>(json.integer("steps_offset", 0, config->num_train_timesteps - 1, 0));
  config->set_alpha_to_one = flag("set_alpha_to_one");
  config->clip_sample = flag("clip_sample");
  config->clip_sample_range = json.number("clip_sample_range", 0, 1e6, 1);
  config->use_karras_sigmas = json.boolean("use_karras_sigmas", false);
  config->final_sigma_is_zero = choice<bool>(json, "final_sigmas_type", json.string("final_sigmas_type", "zero"),
                                             {{"zero", true}, {"sigma_min", false}});
  require_values(json, {{"thresholding", false},
                        {"trained_betas", nullptr},
                        {"use_exponential_sigmas", false},
                        {"use_beta_sigmas", false},
                        {"use_flow_sigmas", false}});
}

void read_solver(JsonReader& json, SchedulerConfig* config) {
  config->solver_order = static_cast<int>(json.integer("solver_order", 1, 2, 2));
  config->lower_order_final = json.boolean("lower_order_final", true);
  config->euler_at_final = json.boolean("euler_at_final", false);
  require_values(json, {{"use_lu_lambdas", false}, {"variance_type", nullptr}, {"lambda_min_clipped", nullptr}});
  // Names of other classes' algorithms stand for the class's own, as in diffusers.
  if (config->sampler == "dpm++") {
    choice<int>(json, "algorithm_type", json.string("algorithm_type", "dpmsolver++"),
                {{"dpmsolver++", 0}, {"deis", 0}});
    config->heun =
        choice<bool>(json, "solver_type", json.string("solver_type", "midpoint"),
                     {{"midpoint", false}, {"heun", true}, {"logrho", false}, {"bh1", false}, {"bh2", false}});
  }
}

// Runge-Kutta steps are diffusers' default, which no Stable Diffusion folder keeps.
void require_plms(JsonReader& json) {
  if (json.boolean("skip_prk_steps", false)) return;
  json.fail("has \"skip_prk_steps\": false, or lacks the key, which means that; supported: true",
            StatusCode::kUnsupported);
}

void read_own_keys(JsonReader& json, SchedulerConfig* config) {
  if (config->sampler == "dpm++" || config->sampler == "deis") read_solver(json, config);
  if (config->sampler == "plms") require_plms(json);
  if (config->sampler == "euler")
    require_values(json, {{"interpolation_type", "linear"},
                          {"timestep_type", "discrete"},
                          {"sigma_min", nullptr},
                          {"sigma_max", nullptr}});
  if (config->sampler == "lcm" || config->sampler == "tcd") {
    config->original_inference_steps =
        static_cast<int>(json.integer("original_inference_steps", 1, config->num_train_timesteps, 50));
    config->timestep_scaling = json.number("timestep_scaling", 0, 1e6, 10);
  }
}

void check(JsonReader& json, const SchedulerConfig& config) {
  const int last = config.num_train_timesteps - 1;
  require(json, std::is_sorted(config.timesteps.rbegin(), config.timesteps.rend(), std::less_equal<>()),
          "\"timesteps\" that do not descend");
  require(json,
          config.prediction_type != PredictionType::kEpsilon || !config.rescale_betas_zero_snr ||
              config.sampler != "gan" || config.timesteps.front() != last,
          "epsilon prediction where rescale_betas_zero_snr leaves no signal at timestep " + number(last) +
              "; v_prediction and sample make sense there");
}

}  // namespace

Result<SchedulerConfig> parse_scheduler_config(std::string_view text, const std::string& origin) {
  JsonReader json(without_infinities(text), origin);
  SchedulerConfig config;
  config.class_name = json.string("_class_name", "DiffusionGANScheduler");
  const SchedulerClass& found = class_of(config.class_name);
  config.sampler = found.sampler;
  read_training(json, found.stable_diffusions_betas, &config);
  if (config.sampler != "gan" && json.status().ok()) {
    read_spacing(json, &config);
    read_own_keys(json, &config);
  }
  if (json.status().ok()) check(json, config);
  return finish(json, config);
}

}  // namespace mobilediffusion
