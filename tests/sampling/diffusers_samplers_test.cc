// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every sampler against diffusers' own, by way of the scheduler_config.json that names it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "src/sampling/noise.h"
#include "src/sampling/sampler.h"

namespace mobilediffusion {
namespace {

SchedulerConfig parsed(const std::string& json) {
  const auto config = parse_scheduler_config(json, "scheduler_config.json");
  EXPECT_TRUE(config.ok()) << config.status().message();
  return config.ok() ? *config : SchedulerConfig();
}

std::string scheduler(const std::string& name, bool stable_diffusions_betas, const std::string& more) {
  std::string json = R"({"_class_name": ")" + name + "\"";
  if (stable_diffusions_betas)
    json += R"(, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear")";
  return json + (more.empty() ? "" : ", " + more) + "}";
}

// diffusers 0.32.2 with PyTorch 2.6 at these settings: the first two timesteps and the last one that the network is
// told, and the latents at the end, begun from the noise below (for a start above 0: from the picture below, noised),
// where the network answers 0.3 x - 0.0005 t + 0.1 to the x that it is shown, and value j of the k-th fresh noise (from
// 1) is 0.1 k (j - 1.5).
struct Case {
  const char* class_name;
  bool stable_diffusions_betas;
  const char* more;
  int steps;
  int start;
  float timesteps[3];
  float latents[4];
};

constexpr float kNoise[] = {0.5f, -1.25f, 2.0f, 0.1f};
constexpr float kPicture[] = {0.3f, -0.2f, 1.0f, -1.5f};

// clang-format off
const Case kCases[] = {
    {"DDIMScheduler", true, R"("clip_sample": false, "set_alpha_to_one": false, "steps_offset": 1)", 10, 0, {901, 801, 1}, {3.2077279f, -3.6481204f, 9.0841713f, 1.6406767f}},
    {"DDIMScheduler", true, R"("clip_sample": false, "timestep_spacing": "trailing")", 3, 0, {999, 666, 332}, {6.9954615f, -5.5025334f, 17.708033f, 4.1387777f}},
    {"DDIMScheduler", true, R"("clip_sample": false, "timestep_spacing": "linspace", "prediction_type": "v_prediction")", 7, 0, {999, 832, 0}, {0.40650758f, -0.63544929f, 1.2996134f, 0.168346f}},
    {"DDIMScheduler", true, R"("clip_sample": false, "timestep_spacing": "trailing", "rescale_betas_zero_snr": true, "prediction_type": "v_prediction")", 4, 0, {999, 749, 249}, {0.32425848f, -0.36037001f, 0.91108286f, 0.16777194f}},
    {"DDIMScheduler", true, R"("prediction_type": "sample")", 5, 0, {800, 600, 0}, {0.12272558f, -0.0082985759f, 0.23503202f, 0.092777207f}},
    {"DDIMScheduler", true, R"()", 5, 0, {800, 600, 0}, {0.64416701f, -1.0f, 0.802522f, 0.46564496f}},
    {"DDIMScheduler", false, R"("clip_sample": false)", 5, 0, {800, 600, 0}, {9.3009024f, -9.6948271f, 25.582952f, 4.9590216f}},
    {"DDIMScheduler", false, R"("beta_schedule": "squaredcos_cap_v2", "clip_sample": false)", 5, 0, {800, 600, 0}, {1.5141231f, -1.9763961f, 4.5059972f, 0.71629018f}},
    {"DDIMScheduler", true, R"("clip_sample": false, "steps_offset": 1)", 10, 4, {901, 801, 1}, {0.83999282f, -1.4738137f, 3.0112073f, -0.85615522f}},
    {"PNDMScheduler", true, R"("skip_prk_steps": true, "steps_offset": 1)", 10, 0, {901, 801, 1}, {2.7986131f, -3.5395305f, 8.2313089f, 1.3498946f}},
    {"PNDMScheduler", true, R"("skip_prk_steps": true, "set_alpha_to_one": true, "timestep_spacing": "trailing", "prediction_type": "v_prediction")", 6, 0, {999, 832, 166}, {0.32539177f, -0.57133478f, 1.0940146f, 0.12042572f}},
    {"PNDMScheduler", true, R"("skip_prk_steps": true, "steps_offset": 1)", 10, 4, {901, 801, 1}, {0.85002434f, -1.6247672f, 3.1201339f, -0.64014012f}},
    {"EulerDiscreteScheduler", true, R"()", 8, 0, {999, 856.285706f, 0}, {5.630877f, -5.0502114f, 14.786094f, 3.1894851f}},
    {"EulerDiscreteScheduler", true, R"("timestep_spacing": "trailing")", 1, 0, {999, 999, 999}, {10.958792f, -6.9620495f, 26.319511f, 6.8625998f}},
    {"EulerDiscreteScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 6, 0, {831, 665, 1}, {0.34754834f, -0.55296618f, 1.1194179f, 0.14171648f}},
    {"EulerDiscreteScheduler", true, R"("use_karras_sigmas": true)", 6, 0, {999, 837.120667f, 0}, {6.2202024f, -5.2930713f, 16.08872f, 3.5885973f}},
    {"EulerDiscreteScheduler", true, R"("final_sigmas_type": "sigma_min", "timestep_spacing": "trailing")", 5, 0, {999, 799, 199}, {6.105794f, -5.2262597f, 15.818981f, 3.5156102f}},
    {"EulerDiscreteScheduler", true, R"("rescale_betas_zero_snr": true, "timestep_spacing": "trailing", "prediction_type": "v_prediction")", 5, 0, {999, 799, 199}, {0.33677477f, -0.42385185f, 0.98875451f, 0.16291481f}},
    {"EulerDiscreteScheduler", true, R"("timestep_spacing": "trailing")", 8, 3, {999, 874, 124}, {1.1795154f, -1.8694611f, 3.9631402f, -0.57452559f}},
    {"EulerAncestralDiscreteScheduler", true, R"()", 6, 0, {999, 799.200012f, 0}, {4.2268958f, -2.9720492f, 12.746022f, 4.8595686f}},
    {"EulerAncestralDiscreteScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 4, 0, {751, 501, 1}, {-0.003969667f, -0.070855163f, 0.34471953f, 0.26336029f}},
    {"DPMSolverMultistepScheduler", true, R"()", 8, 0, {999, 874, 125}, {4.8184543f, -4.7683787f, 13.035739f, 2.6271784f}},
    {"DPMSolverMultistepScheduler", true, R"()", 20, 0, {999, 949, 50}, {4.6171846f, -4.7287192f, 12.627953f, 2.4809778f}},
    {"DPMSolverMultistepScheduler", true, R"("use_karras_sigmas": true)", 8, 0, {999, 890, 0}, {4.2384949f, -4.5821586f, 11.799052f, 2.2223454f}},
    {"DPMSolverMultistepScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "solver_type": "heun", "final_sigmas_type": "sigma_min", "prediction_type": "v_prediction")", 16, 0, {929, 871, 59}, {0.42708579f, -0.85316575f, 1.524444f, 0.13445692f}},
    {"DPMSolverMultistepScheduler", true, R"("timestep_spacing": "trailing", "solver_order": 1)", 5, 0, {999, 799, 199}, {6.0592394f, -5.1987786f, 15.70897f, 3.4859791f}},
    {"DPMSolverMultistepScheduler", true, R"("final_sigmas_type": "sigma_min", "lower_order_final": false)", 6, 2, {999, 832, 166}, {1.0523924f, -2.0691578f, 3.8791177f, -0.59957504f}},
    {"DEISMultistepScheduler", true, R"()", 1, 0, {999, 999, 999}, {10.958826f, -7.0115881f, 26.362038f, 6.8513031f}},
    {"DEISMultistepScheduler", true, R"()", 6, 0, {999, 832, 166}, {5.2744989f, -4.9416809f, 14.031225f, 2.939373f}},
    {"DEISMultistepScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 16, 0, {929, 871, 59}, {0.40390334f, -0.75517052f, 1.3973951f, 0.13897212f}},
    {"DEISMultistepScheduler", true, R"("use_karras_sigmas": true)", 6, 0, {999, 837, 0}, {5.2069349f, -4.9597445f, 13.921233f, 2.8831234f}},
    {"LCMScheduler", false, R"()", 4, 0, {999, 759, 259}, {4.8821402f, -2.3706489f, 12.703329f, 4.780735f}},
    {"LCMScheduler", false, R"("original_inference_steps": 30, "timestep_scaling": 5.0, "prediction_type": "v_prediction")", 3, 0, {989, 659, 329}, {0.019409766f, 0.09590897f, 0.16517192f, 0.2418882f}},
    {"LCMScheduler", false, R"("clip_sample": true)", 7, 2, {999, 859, 159}, {-0.10583143f, -0.32060343f, 0.90075201f, 1.0f}},
    {"TCDScheduler", false, R"()", 4, 0, {999, 759, 259}, {5.6493187f, -3.9434543f, 15.313333f, 4.8550744f}},
    {"TCDScheduler", false, R"("original_inference_steps": 100, "prediction_type": "v_prediction")", 7, 0, {999, 859, 149}, {-0.62427026f, -0.17405052f, 0.37493312f, 0.82219005f}},
    {"TCDScheduler", false, R"("prediction_type": "sample")", 1, 0, {999, 999, 999}, {-0.23428455f, -0.80915481f, 0.25846142f, -0.36568347f}},
};
// clang-format on

class DiffusersSamplers : public testing::TestWithParam<Case> {};

TEST_P(DiffusersSamplers, GiveTheSameLatents) {
  const Case& row = GetParam();
  const auto made =
      make_sampler("", parsed(scheduler(row.class_name, row.stable_diffusions_betas, row.more)), row.steps);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const Sampler& sampler = **made;
  EXPECT_EQ(sampler.steps(), row.steps);
  const auto timesteps = sampler.timesteps();
  EXPECT_NEAR(timesteps[0], row.timesteps[0], 1e-3);
  EXPECT_NEAR(timesteps[timesteps.size() > 1 ? 1 : 0], row.timesteps[1], 1e-3);
  EXPECT_NEAR(timesteps.back(), row.timesteps[2], 1e-3);

  std::vector<float> latents(4), output(4), noise(4);
  if (row.start > 0) {
    sampler.add_noise(row.start, kPicture, kNoise, latents);
  } else {
    for (size_t j = 0; j < 4; ++j) latents[j] = sampler.initial_scale() * kNoise[j];
  }
  SamplerState state;
  float largest = 1;
  for (int i = row.start, k = 1; i < sampler.runs(); ++i, ++k) {
    for (size_t j = 0; j < 4; ++j) {
      output[j] = 0.3f * sampler.input_scale(i) * latents[j] - 0.0005f * timesteps[static_cast<size_t>(i)] + 0.1f;
      noise[j] = 0.1f * static_cast<float>(k) * (static_cast<float>(j) - 1.5f);
      largest = std::max(largest, std::abs(row.latents[j]));
    }
    sampler.step(i, output, latents, sampler.needs_noise(i) ? std::span<const float>(noise) : std::span<float>(),
                 state);
  }
  for (size_t j = 0; j < 4; ++j) EXPECT_NEAR(latents[j], row.latents[j], 3e-5f * largest) << j;
}

INSTANTIATE_TEST_SUITE_P(All, DiffusersSamplers, testing::ValuesIn(kCases));

// InstaFlow's pipeline: timestep 1000 (1 - i/n), dt 1/n.
TEST(FlowSampler, GoesStraight) {
  const SchedulerConfig config = parsed(scheduler("PNDMScheduler", true, R"("skip_prk_steps": true)"));
  const auto sampler = make_sampler("flow", config, 4);
  ASSERT_TRUE(sampler.ok());
  EXPECT_EQ(std::vector<float>((*sampler)->timesteps().begin(), (*sampler)->timesteps().end()),
            (std::vector<float>{1000, 750, 500, 250}));
  SamplerState state;
  std::vector<float> x = {1.0f};
  for (int i = 0; i < 4; ++i) (*sampler)->step(i, std::vector<float>{static_cast<float>(i)}, x, {}, state);
  EXPECT_FLOAT_EQ(x[0], 1 + (0 + 1 + 2 + 3) / 4.0f);
  std::vector<float> noised(1);
  (*sampler)->add_noise(1, std::vector<float>{4.0f}, std::vector<float>{8.0f}, noised);
  EXPECT_FLOAT_EQ(noised[0], 0.25f * 4 + 0.75f * 8);
}

// SiD begins with noise of the strength that timestep 625 has: sqrt(1 - alpha-bar(625)), numpy's 0.91826.
TEST(SidSampler, BeginsWithTheNoiseOfItsTimestep) {
  const auto sampler = make_sampler("sid", parsed(scheduler("DDIMScheduler", true, "")), 2);
  ASSERT_TRUE(sampler.ok());
  EXPECT_EQ((*sampler)->timesteps()[0], 625);
  EXPECT_EQ((*sampler)->timesteps()[1], 312);
  const std::vector<double> alphas = alphas_cumprod(SchedulerConfig());
  EXPECT_FLOAT_EQ((*sampler)->initial_scale(), static_cast<float>(std::sqrt(1 - alphas[625])));
}

// diffusers: init = min(int(steps * strength), steps); start = steps - init.
TEST(Sampler, StartsAtAStrength) {
  const auto sampler = make_sampler("ddim", SchedulerConfig(), 10);
  ASSERT_TRUE(sampler.ok());
  EXPECT_EQ((*sampler)->start(1.0), 0);
  EXPECT_EQ((*sampler)->start(0.75), 3);
  EXPECT_EQ((*sampler)->start(0.6), 4);
  EXPECT_EQ((*sampler)->start(0.01), 9);  // one run is left
  EXPECT_EQ((*sampler)->start(0.0), 9);
}

// Pictures of variance 0.25 and noise make x_t of a known distribution, whose best network is linear: every
// deterministic solver follows the same straight map of initial noise to picture, x0 = 0.5 x, the better the more
// steps.
TEST(Samplers, ConvergeForAGaussianPicture) {
  SchedulerConfig config = parsed(scheduler("DDIMScheduler", true, R"("clip_sample": false)"));
  const std::vector<double> alphas = alphas_cumprod(config);
  for (const char* name : {"ddim", "plms", "euler", "dpm++", "deis"}) {
    const auto error_after = [&](int steps) {
      const auto made = make_sampler(name, config, steps);
      EXPECT_TRUE(made.ok()) << name;
      const Sampler& sampler = **made;
      std::vector<float> x = {sampler.initial_scale()}, output(1);
      // the map scales by the standard deviations at its ends
      const SignalAndNoise begin = sampler.mixture(0);
      const double expected =
          0.5 * sampler.initial_scale() / std::sqrt(0.25 * begin.signal * begin.signal + begin.noise * begin.noise);
      SamplerState state;
      for (int i = 0; i < sampler.runs(); ++i) {
        const SignalAndNoise at = sampler.mixture(i);
        output[0] = x[0] * at.noise / (0.25f * at.signal * at.signal + at.noise * at.noise);
        sampler.step(i, output, x, {}, state);
      }
      return std::abs(x[0] - expected);
    };
    EXPECT_LT(error_after(100), 0.02) << name;
    EXPECT_LT(error_after(100), error_after(10) / 2) << name;
  }
}

// What a distilled sampler that is asked for brings, and what the model's own has.
TEST(Samplers, SayWhatIsUsual) {
  SchedulerConfig config = parsed(scheduler("PNDMScheduler", true, R"("skip_prk_steps": true)"));
  config.steps = 25;
  config.guidance = 7.5f;
  EXPECT_EQ(usual_steps("", config), 25);
  EXPECT_EQ(usual_steps("euler", config), 25);
  EXPECT_EQ(usual_guidance("euler", config), 7.5f);
  EXPECT_EQ(usual_steps("lcm", config), 4);
  EXPECT_EQ(usual_guidance("lcm", config), 1.0f);
  EXPECT_EQ(usual_steps("flow", config), 1);
}

// A class that is not supported is a model still, for whoever names a sampler.
TEST(SchedulerConfigs, OfOtherClassesAskForASampler) {
  const SchedulerConfig config = parsed(scheduler("UniPCMultistepScheduler", true, R"("solver_order": 3)"));
  const auto own = make_sampler("", config, 5);
  ASSERT_FALSE(own.ok());
  EXPECT_EQ(own.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(own.status().message().find("UniPCMultistepScheduler"), std::string::npos);
  EXPECT_NE(own.status().message().find("dpm++"), std::string::npos) << own.status().message();
  EXPECT_TRUE(make_sampler("dpm++", config, 5).ok());
}

TEST(SchedulerConfigs, NoLimitIsNoLimit) {
  const SchedulerConfig config =
      parsed(scheduler("DPMSolverMultistepScheduler", true, R"("lambda_min_clipped": -Infinity, "_x": "-Infinity")"));
  EXPECT_EQ(config.sampler, "dpm++");
}

// Whose defaults count where a file is silent: diffusers', class by class.
TEST(SchedulerConfigs, DefaultsAreEachClasss) {
  const SchedulerConfig ddim = parsed(R"({"_class_name": "DDIMScheduler"})");
  EXPECT_EQ(ddim.beta_start, 0.0001);
  EXPECT_EQ(ddim.beta_end, 0.02);
  EXPECT_EQ(ddim.beta_schedule, BetaSchedule::kLinear);
  EXPECT_FALSE(ddim.timestep_spacing.has_value());
  EXPECT_FALSE(ddim.clip_sample.has_value());
  const SchedulerConfig lcm = parsed(R"({"_class_name": "LCMScheduler"})");
  EXPECT_EQ(lcm.beta_start, 0.00085);
  EXPECT_EQ(lcm.beta_schedule, BetaSchedule::kScaledLinear);
  EXPECT_EQ(lcm.original_inference_steps, 50);
}

class WrongScheduler : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(WrongScheduler, IsRefusedByName) {
  const auto& [name, more, saying] = GetParam();
  const auto config = parse_scheduler_config(scheduler(name, true, more), "scheduler_config.json");
  ASSERT_FALSE(config.ok()) << more;
  EXPECT_NE(config.status().message().find("scheduler_config.json"), std::string::npos);
  EXPECT_NE(config.status().message().find(saying), std::string::npos) << config.status().message();
}

INSTANTIATE_TEST_SUITE_P(
    Values, WrongScheduler,
    testing::Values(
        std::tuple("DDIMScheduler", R"("thresholding": true)", R"("thresholding": true; supported: false)"),
        std::tuple("DDIMScheduler", R"("trained_betas": [0.1])", R"("trained_betas": [0.1]; supported: null)"),
        std::tuple("DDIMScheduler", R"("timestep_spacing": "even")", "supported: leading, trailing, linspace"),
        std::tuple("DDIMScheduler", R"("steps_offset": 1000)", "expected an integer from 0 to 999, found 1000"),
        std::tuple("DDIMScheduler", R"("set_alpha_to_one": 1)", "expected true or false, found 1"),
        std::tuple("PNDMScheduler", "", "skip_prk_steps"),
        std::tuple("PNDMScheduler", R"("skip_prk_steps": false)", "supported: true"),
        std::tuple("EulerDiscreteScheduler", R"("interpolation_type": "log_linear")", R"(supported: "linear")"),
        std::tuple("EulerDiscreteScheduler", R"("timestep_type": "continuous")", R"(supported: "discrete")"),
        std::tuple("EulerDiscreteScheduler", R"("use_beta_sigmas": true)", "use_beta_sigmas"),
        std::tuple("EulerDiscreteScheduler", R"("final_sigmas_type": "last")", "supported: zero, sigma_min"),
        std::tuple("DPMSolverMultistepScheduler", R"("solver_order": 3)", "expected an integer from 1 to 2, found 3"),
        std::tuple("DPMSolverMultistepScheduler", R"("algorithm_type": "sde-dpmsolver++")", "supported: dpmsolver++"),
        std::tuple("DPMSolverMultistepScheduler", R"("solver_type": "euler")", "supported: midpoint, heun"),
        std::tuple("DPMSolverMultistepScheduler", R"("use_lu_lambdas": true)", "use_lu_lambdas"),
        std::tuple("LCMScheduler", R"("original_inference_steps": 0)", "expected an integer from 1 to 1000, found 0"),
        std::tuple("TCDScheduler", R"("original_inference_steps": 1001)", "found 1001")));

}  // namespace
}  // namespace mobilediffusion
