// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// scheduler/scheduler_config.json: our own DiffusionGANScheduler, and diffusers' classes with that library's meaning of
// every key and its default for each that is absent.
//
// What the network was trained with is read for any class, since any sampler needs it. The options of samplers are read
// for any class too, as diffusers hands them on from one class to another, but count only where the class has them:
// there a damaged value refuses the file, and a wish that is not supported waits in `refusal` until the class's own
// sampler is used. A key that is not known is passed over.
#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>

#include "src/model/config_reading.h"

namespace mobilediffusion {
namespace {

constexpr double kMost = std::numeric_limits<double>::max(), kMostFloat = std::numeric_limits<float>::max();

struct Betas {
  double start, end;
  const char* schedule;
};
constexpr Betas kDdpmBetas = {0.0001, 0.02, "linear"};
constexpr Betas kStableDiffusionBetas = {0.00085, 0.012, "scaled_linear"};
constexpr Betas kLinearStableDiffusionBetas = {0.00085, 0.012, "linear"};

// What each class is called here, and the betas it assumes.
struct SchedulerClass {
  const char* name;
  const char* sampler;
  Betas betas;
};
constexpr SchedulerClass kClasses[] = {{"DiffusionGANScheduler", "gan", kStableDiffusionBetas},
                                       {"DDIMScheduler", "ddim", kDdpmBetas},
                                       {"DDPMScheduler", "ddpm", kDdpmBetas},
                                       {"PNDMScheduler", "plms", kDdpmBetas},
                                       {"EulerDiscreteScheduler", "euler", kDdpmBetas},
                                       {"EulerAncestralDiscreteScheduler", "euler-a", kDdpmBetas},
                                       {"DPMSolverMultistepScheduler", "dpm++", kDdpmBetas},
                                       {"DPMSolverSDEScheduler", "dpm++-sde", kLinearStableDiffusionBetas},
                                       {"UniPCMultistepScheduler", "unipc", kDdpmBetas},
                                       {"DEISMultistepScheduler", "deis", kDdpmBetas},
                                       {"LCMScheduler", "lcm", kStableDiffusionBetas},
                                       {"TCDScheduler", "tcd", kStableDiffusionBetas}};
constexpr SchedulerClass kOther = {"", "", kDdpmBetas};

const SchedulerClass& class_of(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kClasses), std::end(kClasses),
                                         [&](const SchedulerClass& row) { return name == row.name; });
  return found != std::end(kClasses) ? *found : kOther;
}

// Numbers that Python writes and JSON has not: infinities become the largest numbers there are, NaN becomes null. Text
// within quotes stays.
std::string without_python_numbers(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kReplaced[] = {{"Infinity", "1.7976931348623157e308"},
                                                                         {"NaN", "null"}};
  std::string out;
  bool quoted = false;
  for (size_t at = 0; at < text.size();) {
    if (quoted && text[at] == '\\') {
      out += text.substr(at, 2);
      at += 2;
      continue;
    }
    if (text[at] == '"') quoted = !quoted;
    const auto* const found = std::find_if(std::begin(kReplaced), std::end(kReplaced), [&](const auto& pair) {
      return !quoted && text.substr(at).starts_with(pair.first);
    });
    if (found != std::end(kReplaced)) {
      out += found->second;
      at += found->first.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

void read_trained_betas(JsonReader& json, SchedulerConfig* config) {
  if (!json.has("trained_betas")) return;
  const nlohmann::json& betas = json.object()["trained_betas"];
  const auto is_beta = [](const nlohmann::json& beta) {
    return beta.is_number() && beta.get<double>() > 0 && beta.get<double>() < 1;
  };
  if (!betas.is_array() || betas.size() != static_cast<size_t>(config->num_train_timesteps) ||
      !std::all_of(betas.begin(), betas.end(), is_beta)) {
    json.fail("has a wrong \"trained_betas\": expected null or " + number(config->num_train_timesteps) +
              " numbers between 0 and 1, as many as num_train_timesteps");
    return;
  }
  config->trained_betas = betas.get<std::vector<double>>();
}

void read_training(JsonReader& json, const Betas& betas, SchedulerConfig* config) {
  config->num_train_timesteps = static_cast<int>(json.integer("num_train_timesteps", 1, 1 << 20, 1000));
  config->beta_start = json.number("beta_start", 1e-9, 0.999, betas.start);
  config->beta_end = json.number("beta_end", 1e-9, 0.999, betas.end);
  config->beta_schedule = choice<BetaSchedule>(json, "beta_schedule", json.string("beta_schedule", betas.schedule),
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
  if (json.status().ok()) read_trained_betas(json, config);
}

using Samplers = std::initializer_list<std::string_view>;
constexpr std::string_view kDdim = "ddim", kDdpm = "ddpm", kPlms = "plms", kEuler = "euler", kDpm = "dpm++",
                           kDpmSde = "dpm++-sde", kUniPc = "unipc", kDeis = "deis", kLcm = "lcm", kTcd = "tcd";

// The options of samplers, behind what the network was trained with.
class OptionReader {
 public:
  // `own` is the sampler of the file's class; "" for one that is not supported.
  OptionReader(JsonReader& json, std::string_view own, SchedulerConfig* config)
      : json_(json), own_(own), config_(*config) {}

  void read() {
    read_spacing();
    read_sigmas();
    read_solver();
    read_algorithm();
    read_clipping();
    read_consistency();
    require_what_is_built();
    if (!config_.refusal.ok()) config_.refused_sampler = config_.sampler;
  }

 private:
  bool is_one_of(Samplers samplers) const {
    return !own_.empty() && std::find(samplers.begin(), samplers.end(), own_) != samplers.end();
  }

  // Whether what was read last may be used. Where the class has the option (`counts`), damage ends the reading.
  bool fits(bool counts) {
    if (json_.status().ok()) return true;
    damaged_ = damaged_ || (counts && json_.status().code() != StatusCode::kUnsupported);
    if (damaged_) return false;
    const Status offence = json_.take_status();
    if (counts && config_.refusal.ok()) config_.refusal = offence;
    return false;
  }

  // An option of these samplers, as it was read by an argument.
  template <typename Member, typename Value>
  void keep(Samplers owners, Member* member, Value value) {
    if (fits(is_one_of(owners))) *member = std::move(value);
  }

  // Where each sampler has a default of its own, the key's absence is kept.
  std::optional<bool> flag(const char* key) {
    return json_.has(key) ? std::optional<bool>(json_.boolean(key)) : std::nullopt;
  }

  void read_spacing() {
    config_.timestep_spacing.reset();
    config_.clip_sample.reset();
    config_.set_alpha_to_one.reset();
    if (json_.has("timestep_spacing")) {
      keep({own_}, &config_.timestep_spacing,
           choice<TimestepSpacing>(json_, "timestep_spacing", json_.string("timestep_spacing"),
                                   {{"leading", TimestepSpacing::kLeading},
                                    {"trailing", TimestepSpacing::kTrailing},
                                    {"linspace", TimestepSpacing::kLinspace}}));
    }
    keep({own_}, &config_.steps_offset,
         static_cast<int>(json_.integer("steps_offset", 0, config_.num_train_timesteps - 1, 0)));
    keep({kDdim, kPlms}, &config_.set_alpha_to_one, flag("set_alpha_to_one"));
  }

  void read_sigmas() {
    const Samplers owners = {kEuler, kDpm, kDpmSde, kUniPc, kDeis};
    keep(owners, &config_.use_karras_sigmas, json_.boolean("use_karras_sigmas", false));
    keep(owners, &config_.use_exponential_sigmas, json_.boolean("use_exponential_sigmas", false));
    keep({kEuler, kDpm, kUniPc, kDeis}, &config_.final_sigma_is_zero,
         choice<bool>(json_, "final_sigmas_type", json_.string("final_sigmas_type", "zero"),
                      {{"zero", true}, {"sigma_min", false}}));
  }

  int solver_order() {
    const int most = own_ == kDeis ? 2 : 3;
    const auto order = static_cast<int>(json_.integer("solver_order", 1, 1000, 2));
    if (order > most)
      json_.fail("has \"solver_order\": " + number(order) + "; supported: 1 to " + number(most),
                 StatusCode::kUnsupported);
    return order;
  }

  void read_solver() {
    const Samplers owners = {kDpm, kUniPc, kDeis};
    keep(owners, &config_.solver_order, solver_order());
    keep(owners, &config_.lower_order_final, json_.boolean("lower_order_final", true));
    keep({kDpm}, &config_.euler_at_final, json_.boolean("euler_at_final", false));
    keep({kUniPc}, &config_.predict_x0, json_.boolean("predict_x0", true));
    if (json_.has("disable_corrector"))
      keep({kUniPc}, &config_.disable_corrector, json_.integers("disable_corrector", 0, 1 << 20, 0, 1 << 20));
    keep({kDdpm}, &config_.fixed_large,
         choice<bool>(json_, "variance_type", json_.string("variance_type", "fixed_small"),
                      {{"fixed_small", false}, {"fixed_small_log", false}, {"fixed_large", true}}));
  }

  // Names of other classes' algorithms stand for the class's own, as in diffusers.
  void read_algorithm() {
    if (own_ == kDpm) {
      keep({kDpm}, &config_.sampler,
           choice<std::string>(json_, "algorithm_type", json_.string("algorithm_type", "dpmsolver++"),
                               {{"dpmsolver++", "dpm++"},
                                {"sde-dpmsolver++", "dpm++2m-sde"},
                                {"dpmsolver", "dpm"},
                                {"sde-dpmsolver", "dpm-sde"},
                                {"deis", "dpm++"}}));
      keep({kDpm}, &config_.heun,
           choice<bool>(json_, "solver_type", json_.string("solver_type", "midpoint"),
                        {{"midpoint", false}, {"heun", true}, {"logrho", false}, {"bh1", false}, {"bh2", false}}));
    }
    if (own_ == kUniPc) {
      keep({kUniPc}, &config_.bh1,
           choice<bool>(json_, "solver_type", json_.string("solver_type", "bh2"),
                        {{"bh2", false}, {"bh1", true}, {"midpoint", false}, {"heun", false}, {"logrho", false}}));
    }
  }

  void read_clipping() {
    const Samplers owners = {kDdim, kDdpm, kLcm};
    keep(owners, &config_.clip_sample, flag("clip_sample"));
    keep(owners, &config_.clip_sample_range, std::min(json_.number("clip_sample_range", 0, kMost, 1), kMostFloat));
  }

  void read_consistency() {
    const Samplers owners = {kLcm, kTcd};
    keep(owners, &config_.original_inference_steps,
         static_cast<int>(json_.integer("original_inference_steps", 1, config_.num_train_timesteps,
                                        std::min(50, config_.num_train_timesteps))));
    keep(owners, &config_.timestep_scaling, json_.number("timestep_scaling", 0, 1e6, 10));
  }

  void supported(Samplers owners, const char* key, const nlohmann::json& value) {
    if (!json_.status().ok() || !is_one_of(owners)) return;
    require_values(json_, {{key, value}});
    fits(true);
  }

  // Options of the class's own that ask for what is not built.
  void require_what_is_built() {
    supported({kDdim, kDdpm, kDpm, kUniPc, kDeis, kLcm, kTcd}, "thresholding", false);
    supported({kEuler, kDpm, kDpmSde, kUniPc, kDeis}, "use_beta_sigmas", false);
    supported({kDpm, kUniPc, kDeis}, "use_flow_sigmas", false);
    supported({kDpm}, "use_lu_lambdas", false);
    supported({kUniPc}, "solver_p", nullptr);
    supported({kEuler}, "interpolation_type", "linear");
    supported({kEuler}, "timestep_type", "discrete");
    supported({kEuler}, "sigma_min", nullptr);
    supported({kEuler}, "sigma_max", nullptr);
    if (own_ == kDpm && json_.has("lambda_min_clipped") && json_.object()["lambda_min_clipped"] != -kMost)
      supported({kDpm}, "lambda_min_clipped", nullptr);
    if (own_ == kDpm && json_.string("variance_type", "").starts_with("learned"))
      supported({kDpm}, "variance_type", nullptr);
    // Runge-Kutta steps are diffusers' default, which no Stable Diffusion folder keeps.
    if (own_ == kPlms && !json_.boolean("skip_prk_steps", false)) {
      json_.fail("has \"skip_prk_steps\": false, or lacks the key, which means that; supported: true",
                 StatusCode::kUnsupported);
    }
    fits(true);
  }

  JsonReader& json_;
  const std::string_view own_;
  SchedulerConfig& config_;
  bool damaged_ = false;
};

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

Result<SchedulerConfig> parse_scheduler_config(std::string_view text, const std::string& origin,
                                               const std::string& class_name) {
  JsonReader json(without_python_numbers(text), origin);
  SchedulerConfig config;
  config.class_name = read_class_name(json, class_name);
  const SchedulerClass& found = class_of(config.class_name);
  config.sampler = found.sampler;
  read_training(json, found.betas, &config);
  if (config.sampler != "gan" && json.status().ok()) OptionReader(json, found.sampler, &config).read();
  if (json.status().ok()) check(json, config);
  return finish(json, config);
}

}  // namespace mobilediffusion
