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
// told, and the latents at the end, begun from the noise below (for a start above 0: from that step, with the picture
// below, noised), where the network answers 0.3 x - 0.0005 t + 0.1 to the x that it is shown, and value j of the k-th
// fresh noise (from 1) is 0.1 k (j - 1.5). DPMSolverSDEScheduler's Brownian motion is made of the same: of a step's two
// runs the first one's noise covers the sigmas down to the middle, the second one's those from there.
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
    {"DDPMScheduler", true, R"("clip_sample": false, "steps_offset": 1)", 10, 0, {901, 801, 1}, {-0.11667819f, -2.4095137f, 7.0990348f, 4.4521561f}},
    {"DDPMScheduler", true, R"()", 5, 0, {800, 600, 0}, {0.35611603f, -0.98358232f, 0.99468708f, 1.0f}},
    {"DDPMScheduler", true, R"("clip_sample_range": 2.5)", 5, 0, {800, 600, 0}, {1.1230689f, -1.7239221f, 2.2615113f, 1.7985564f}},
    {"DDPMScheduler", true, R"("clip_sample": false, "timestep_spacing": "trailing", "prediction_type": "v_prediction")", 7, 0, {999, 856, 142}, {-0.62496066f, -0.19257991f, 0.37336519f, 0.80173904f}},
    {"DDPMScheduler", true, R"("clip_sample": false, "timestep_spacing": "trailing", "variance_type": "fixed_large")", 6, 0, {999, 832, 166}, {2.7482052f, -3.0332003f, 12.193546f, 5.7818966f}},
    {"DDPMScheduler", true, R"("clip_sample": false, "timestep_spacing": "linspace", "variance_type": "fixed_small_log")", 6, 0, {999, 799, 0}, {4.2324944f, -2.9862342f, 12.768009f, 4.8600926f}},
    {"DDPMScheduler", true, R"("clip_sample": false, "timestep_spacing": "trailing", "rescale_betas_zero_snr": true, "prediction_type": "v_prediction")", 4, 0, {999, 749, 249}, {-0.12464356f, 0.034880441f, 0.17641956f, 0.33648312f}},
    {"DDPMScheduler", false, R"("beta_schedule": "squaredcos_cap_v2", "clip_sample": false, "prediction_type": "sample")", 5, 0, {800, 600, 0}, {0.069528401f, 0.06228504f, 0.11706037f, 0.10795645f}},
    {"DDPMScheduler", true, R"("clip_sample": false)", 1, 0, {0, 0, 0}, {0.49292076f, -1.2425106f, 1.9804332f, 0.09625075f}},
    {"DDPMScheduler", true, R"("clip_sample": false, "steps_offset": 1)", 10, 4, {901, 801, 1}, {0.20802759f, -1.3235539f, 2.6937149f, -0.10579839f}},
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
    {"EulerDiscreteScheduler", true, R"("use_exponential_sigmas": true)", 6, 0, {999, 756.512085f, 0}, {6.5983434f, -5.4075828f, 16.889137f, 3.8541315f}},
    {"EulerAncestralDiscreteScheduler", true, R"()", 6, 0, {999, 799.200012f, 0}, {4.2268958f, -2.9720492f, 12.746022f, 4.8595686f}},
    {"EulerAncestralDiscreteScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 4, 0, {751, 501, 1}, {-0.003969667f, -0.070855163f, 0.34471953f, 0.26336029f}},
    {"DPMSolverMultistepScheduler", true, R"()", 8, 0, {999, 874, 125}, {4.8184543f, -4.7683787f, 13.035739f, 2.6271784f}},
    {"DPMSolverMultistepScheduler", true, R"()", 20, 0, {999, 949, 50}, {4.6171846f, -4.7287192f, 12.627953f, 2.4809778f}},
    {"DPMSolverMultistepScheduler", true, R"("use_karras_sigmas": true)", 8, 0, {999, 890, 0}, {4.2384949f, -4.5821586f, 11.799052f, 2.2223454f}},
    {"DPMSolverMultistepScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "solver_type": "heun", "final_sigmas_type": "sigma_min", "prediction_type": "v_prediction")", 16, 0, {929, 871, 59}, {0.42708579f, -0.85316575f, 1.524444f, 0.13445692f}},
    {"DPMSolverMultistepScheduler", true, R"("timestep_spacing": "trailing", "solver_order": 1)", 5, 0, {999, 799, 199}, {6.0592394f, -5.1987786f, 15.70897f, 3.4859791f}},
    {"DPMSolverMultistepScheduler", true, R"("final_sigmas_type": "sigma_min", "lower_order_final": false)", 6, 2, {999, 832, 166}, {1.0523924f, -2.0691578f, 3.8791177f, -0.59957504f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++")", 8, 0, {999, 874, 125}, {0.15642479f, -2.0442512f, 8.1169453f, 5.545414f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": true)", 20, 0, {999, 962, 0}, {-7.3364549f, -3.9706357f, 8.8351603f, 11.917779f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++", "solver_type": "heun", "euler_at_final": true, "timestep_spacing": "leading", "steps_offset": 1)", 16, 0, {929, 871, 59}, {-5.8569441f, -3.5891006f, 7.5113568f, 9.5142241f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++", "solver_order": 3, "timestep_spacing": "trailing")", 9, 0, {999, 888, 110}, {-0.9219839f, -1.878834f, 7.3405828f, 6.0784426f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++", "solver_order": 1, "final_sigmas_type": "sigma_min", "prediction_type": "v_prediction")", 5, 0, {999, 799, 200}, {-0.2866464f, -0.064048007f, 0.28096291f, 0.49988896f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++", "timestep_spacing": "trailing", "prediction_type": "v_prediction", "rescale_betas_zero_snr": true)", 6, 0, {999, 832, 166}, {-0.54444957f, -0.14282767f, 0.25527406f, 0.65700155f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver++")", 10, 4, {999, 899, 100}, {-0.2142565f, -1.4884849f, 2.9821153f, 0.67967933f}},
    {"DPMSolverMultistepScheduler", true, R"("solver_order": 3)", 9, 0, {999, 888, 111}, {4.8231363f, -4.7650213f, 13.041558f, 2.6315587f}},
    {"DPMSolverMultistepScheduler", true, R"("solver_order": 3, "lower_order_final": false, "final_sigmas_type": "sigma_min")", 20, 0, {999, 949, 50}, {4.7503462f, -4.7986665f, 12.935208f, 2.5677121f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min")", 8, 0, {999, 874, 125}, {4.9789567f, -4.8527074f, 13.406093f, 2.7317185f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "solver_order": 3, "prediction_type": "sample")", 16, 0, {999, 937, 62}, {0.15264191f, -0.035508089f, 0.31391293f, 0.10963629f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "solver_type": "heun", "use_karras_sigmas": true)", 8, 0, {999, 890, 0}, {4.9326048f, -4.8660827f, 13.331477f, 2.6929047f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min")", 16, 0, {999, 937, 62}, {-6.1494889f, -3.6644981f, 8.8440857f, 11.028371f}},
    {"DPMSolverMultistepScheduler", true, R"("algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min", "solver_type": "heun", "prediction_type": "v_prediction")", 8, 3, {999, 874, 125}, {-0.55514669f, -0.39610416f, 0.55875629f, 0.58440745f}},
    {"DPMSolverMultistepScheduler", true, R"("use_exponential_sigmas": true)", 8, 0, {999, 834, 0}, {4.6093163f, -4.7207069f, 12.606483f, 2.4767411f}},
    {"DPMSolverMultistepScheduler", true, R"("use_exponential_sigmas": true, "algorithm_type": "sde-dpmsolver++")", 8, 2, {999, 834, 0}, {0.38558295f, -1.350297f, 2.9116669f, 0.16500665f}},
    {"DPMSolverSDEScheduler", true, R"()", 6, 0, {999, 906.246566f, 0}, {-0.040374871f, -2.5180821f, 9.490202f, 6.5779128f}},
    {"DPMSolverSDEScheduler", false, R"("timestep_spacing": "trailing")", 3, 0, {999, 846.139753f, 332}, {5.8571129f, -3.7558923f, 18.188389f, 7.6286693f}},
    {"DPMSolverSDEScheduler", true, R"("use_karras_sigmas": true)", 8, 0, {999, 946.424808f, 0}, {-2.3580596f, -2.9014187f, 9.2300949f, 8.306489f}},
    {"DPMSolverSDEScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 5, 0, {801, 707.115693f, 1}, {-0.8125546f, -0.36413598f, 0.53174484f, 0.96673965f}},
    {"DPMSolverSDEScheduler", true, R"("timestep_spacing": "trailing")", 1, 0, {999, 999, 999}, {10.95879f, -6.9620485f, 26.31951f, 6.8625984f}},
    {"DPMSolverSDEScheduler", true, R"("timestep_spacing": "trailing")", 8, 3, {999, 939.307138f, 124}, {-1.0515569f, -1.8467224f, 3.5191753f, 1.6913203f}},
    {"DPMSolverSDEScheduler", true, R"("use_exponential_sigmas": true)", 5, 0, {999, 857.521532f, 0}, {2.9376149f, -2.4372845f, 10.859521f, 4.924469f}},
    {"UniPCMultistepScheduler", true, R"()", 8, 0, {999, 874, 125}, {4.7026262f, -4.727406f, 12.785511f, 2.5471904f}},
    {"UniPCMultistepScheduler", true, R"("solver_type": "bh1", "final_sigmas_type": "sigma_min")", 8, 0, {999, 874, 125}, {4.6019793f, -4.7224813f, 12.594374f, 2.4706743f}},
    {"UniPCMultistepScheduler", true, R"("solver_order": 1)", 6, 0, {999, 832, 166}, {5.2933111f, -4.9279661f, 14.054407f, 2.95702f}},
    {"UniPCMultistepScheduler", true, R"("solver_order": 3)", 10, 0, {999, 899, 100}, {4.6689796f, -4.7271695f, 12.722821f, 2.5212879f}},
    {"UniPCMultistepScheduler", true, R"("solver_order": 3, "solver_type": "bh1", "final_sigmas_type": "sigma_min", "lower_order_final": false)", 7, 0, {999, 856, 143}, {5.7252779f, -5.603693f, 15.435849f, 3.1358051f}},
    {"UniPCMultistepScheduler", true, R"("solver_order": 3, "timestep_spacing": "trailing", "prediction_type": "v_prediction", "rescale_betas_zero_snr": true)", 6, 0, {999, 832, 166}, {0.36321795f, -0.59892201f, 1.187909f, 0.14330025f}},
    {"UniPCMultistepScheduler", true, R"("use_karras_sigmas": true, "solver_order": 3)", 8, 0, {999, 890, 0}, {5.2273498f, -4.9688854f, 13.966986f, 2.8967831f}},
    {"UniPCMultistepScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "disable_corrector": [0, 1, 3])", 20, 0, {941, 894, 48}, {3.4435134f, -3.9545703f, 9.7847252f, 1.7525226f}},
    {"UniPCMultistepScheduler", true, R"("predict_x0": false, "final_sigmas_type": "sigma_min")", 9, 0, {999, 888, 111}, {4.5135331f, -4.7081356f, 12.417822f, 2.4057243f}},
    {"UniPCMultistepScheduler", true, R"("predict_x0": false, "final_sigmas_type": "sigma_min", "solver_order": 3, "solver_type": "bh1", "prediction_type": "sample")", 5, 0, {999, 799, 200}, {0.089342788f, -0.32180566f, 0.44175589f, -0.004634019f}},
    {"UniPCMultistepScheduler", true, R"("prediction_type": "sample")", 1, 0, {999, 999, 999}, {-0.24950001f, -0.77450001f, 0.20050001f, -0.36950001f}},
    {"UniPCMultistepScheduler", true, R"("solver_order": 3)", 10, 4, {999, 899, 100}, {1.0195299f, -1.7858156f, 3.5939341f, -0.67637753f}},
    {"UniPCMultistepScheduler", true, R"("use_exponential_sigmas": true, "final_sigmas_type": "sigma_min")", 8, 0, {999, 834, 0}, {4.6295295f, -4.7473707f, 12.666869f, 2.4862378f}},
    {"DEISMultistepScheduler", true, R"()", 1, 0, {999, 999, 999}, {10.958826f, -7.0115881f, 26.362038f, 6.8513031f}},
    {"DEISMultistepScheduler", true, R"()", 6, 0, {999, 832, 166}, {5.2744989f, -4.9416809f, 14.031225f, 2.939373f}},
    {"DEISMultistepScheduler", true, R"("timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction")", 16, 0, {929, 871, 59}, {0.40390334f, -0.75517052f, 1.3973951f, 0.13897212f}},
    {"DEISMultistepScheduler", true, R"("use_karras_sigmas": true)", 6, 0, {999, 837, 0}, {5.2069349f, -4.9597445f, 13.921233f, 2.8831234f}},
    {"DEISMultistepScheduler", true, R"("use_exponential_sigmas": true)", 6, 0, {999, 756, 0}, {5.7115922f, -5.1256227f, 15.000633f, 3.234515f}},
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
  const int start = row.start * sampler.runs_per_step();
  EXPECT_EQ(sampler.steps_from(start), row.steps - row.start);
  if (start > 0) {
    sampler.add_noise(start, kPicture, kNoise, latents);
  } else {
    for (size_t j = 0; j < 4; ++j) latents[j] = sampler.initial_scale() * kNoise[j];
  }
  SamplerState state;
  float largest = 1;
  for (int i = start, k = 1; i < sampler.runs(); ++i, ++k) {
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
  // Two runs a step: begun at a step's first.
  const auto twice = make_sampler("dpm++-sde", SchedulerConfig(), 10);
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ((*twice)->runs(), 19);
  EXPECT_EQ((*twice)->start(0.6), 8);
  EXPECT_EQ((*twice)->steps_from(8), 6);
  EXPECT_EQ((*twice)->start(0.0), 18);
}

// Pictures of variance 0.25 and noise make x_t of a known distribution, whose best network is linear: every
// deterministic solver follows the same straight map of initial noise to picture, x0 = 0.5 x, the better the more
// steps.
TEST(Samplers, ConvergeForAGaussianPicture) {
  SchedulerConfig config = parsed(scheduler("DDIMScheduler", true, R"("clip_sample": false)"));
  const std::vector<double> alphas = alphas_cumprod(config);
  for (const char* name : {"ddim", "plms", "euler", "dpm++", "dpm", "unipc", "deis"}) {
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

// The same of samplers with fresh noise: whichever way the latents go, pictures of variance 0.25 come out. Noise that
// is too strong or too weak, or of two runs whose noise should be one motion's, would show.
TEST(Samplers, KeepTheVarianceOfAGaussianPicture) {
  SchedulerConfig config = parsed(scheduler("DDIMScheduler", true, R"("clip_sample": false)"));
  for (const char* name : {"ddpm", "euler-a", "dpm++2m-sde", "dpm-sde", "dpm++-sde"}) {
    const auto made = make_sampler(name, config, 240);
    ASSERT_TRUE(made.ok()) << name;
    const Sampler& sampler = **made;
    std::vector<float> x(8000), output(x.size()), noise(x.size());
    fill_normal(7, 0, 0, x);
    for (float& value : x) value *= sampler.initial_scale();
    SamplerState state;
    int drawn = 0;
    for (int i = 0; i < sampler.runs(); ++i) {
      const SignalAndNoise at = sampler.mixture(i);
      const float scale = sampler.input_scale(i), signal = scale * at.signal, strength = scale * at.noise;
      for (size_t k = 0; k < x.size(); ++k)
        output[k] = scale * x[k] * strength / (0.25f * signal * signal + strength * strength);
      if (sampler.needs_noise(i)) {
        fill_normal(7, static_cast<uint64_t>(i) + 1, 0, noise);
        ++drawn;
      }
      sampler.step(i, output, x, noise, state);
    }
    EXPECT_GE(drawn, sampler.runs() - 1) << "in every run but the last";
    double squares = 0;
    for (const float value : x) squares += double{value} * value;
    EXPECT_NEAR(std::sqrt(squares / static_cast<double>(x.size())), 0.5, 0.025) << name;
  }
}

// Timesteps and noise levels repeat where a spacing's offset leads past the last one, or where as many steps are asked
// for as there are: nothing is divided by their difference.
TEST(Samplers, BearRepeatedTimesteps) {
  std::string names = sampler_names() + ", ";
  while (!names.empty()) {
    const std::string name = names.substr(0, names.find(", "));
    names.erase(0, name.size() + 2);
    for (int choices = 0; choices < 3 * 3 * 3 * 8; ++choices) {
      SchedulerConfig config = parsed(scheduler("DDIMScheduler", true, ""));
      config.timestep_spacing = static_cast<TimestepSpacing>(choices % 3);
      config.steps_offset = choices / 3 % 3 * 250;
      config.use_karras_sigmas = choices / 9 % 3 == 1;
      config.use_exponential_sigmas = choices / 9 % 3 == 2;
      config.final_sigma_is_zero = choices / 27 % 2 == 0;
      config.heun = config.bh1 = choices / 54 % 2 == 0;
      config.rescale_betas_zero_snr = choices / 108 % 2 == 0;
      if (config.rescale_betas_zero_snr) config.prediction_type = PredictionType::kVPrediction;
      config.solver_order = 3;
      config.lower_order_final = false;
      for (const int steps : {1, 2, 5, 20, choices % 27 == 0 ? 999 : 4}) {
        const auto made = make_sampler(name, config, steps);
        if (!made.ok()) continue;  // more than the sampler has, for one
        const Sampler& sampler = **made;
        std::vector<float> x = {sampler.initial_scale()}, output(1);
        const std::vector<float> noise = {0.5f};
        SamplerState state;
        for (int i = 0; i < sampler.runs(); ++i) {
          output[0] = 0.3f * sampler.input_scale(i) * x[0];
          sampler.step(i, output, x, noise, state);
        }
        ASSERT_TRUE(std::isfinite(x[0])) << name << ", " << steps << " steps, choice " << choices;
      }
    }
  }
}

// As they are written elsewhere.
TEST(Samplers, AreFoundByAnySpelling) {
  const SchedulerConfig config;
  for (const auto& [given, name] :
       {std::pair("DPM++ 2M", "dpm++2m"), std::pair("DPM++ 2M SDE", "dpm++2m-sde"), std::pair("DPM++ SDE", "dpm++-sde"),
        std::pair("dpmpp_2m_sde", "dpm++2m-sde"), std::pair("dpm++2msde", "dpm++2m-sde"),
        std::pair("dpmpp_sde", "dpm++-sde"), std::pair("UniPC", "unipc"), std::pair("uni_pc", "unipc"),
        std::pair("DDPM", "ddpm"), std::pair("Euler a", "euler-a"), std::pair("", "gan"), std::pair("heun", "")})
    EXPECT_EQ(sampler_name(given, config), name) << given;
  EXPECT_EQ((*make_sampler("DPM++ SDE", config, 3))->runs(), 5);
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
  const SchedulerConfig config = parsed(
      scheduler("HeunDiscreteScheduler", true, R"("solver_order": "many", "steps_offset": -1, "thresholding": true)"));
  const auto own = make_sampler("", config, 5);
  ASSERT_FALSE(own.ok());
  EXPECT_EQ(own.status().code(), StatusCode::kUnsupported);
  for (const char* words : {"HeunDiscreteScheduler", "--sampler", "dpm++", "unipc"})
    EXPECT_NE(own.status().message().find(words), std::string::npos) << own.status().message();
  for (const char* name : {"dpm++", "unipc", "ddpm", "dpm++-sde"}) EXPECT_TRUE(make_sampler(name, config, 5).ok());
}

struct Unbuilt {
  const char* class_name;
  const char* more;
  const char* own;  // its sampler
  const char* saying;
};

class UnbuiltOption : public testing::TestWithParam<Unbuilt> {};

// An option that is not supported waits until the class's own sampler is used; any other serves.
TEST_P(UnbuiltOption, LeavesOtherSamplers) {
  const Unbuilt& row = GetParam();
  const std::string more = std::string(row.more) + (*row.more ? ", " : "") + R"("steps_offset": 1)";
  const SchedulerConfig config = parsed(scheduler(row.class_name, true, more));
  EXPECT_EQ(config.sampler, row.own);
  for (const char* name : {"", row.own}) {
    const auto own = make_sampler(name, config, 5);
    ASSERT_FALSE(own.ok());
    EXPECT_EQ(own.status().code(), StatusCode::kUnsupported);
    for (const char* words : {"scheduler_config.json", row.saying, "--sampler", "euler-a"})
      EXPECT_NE(own.status().message().find(words), std::string::npos) << own.status().message();
  }
  const std::string other = std::string(row.own) == "ddim" ? "plms" : "ddim";
  const auto sampler = make_sampler(other, config, 5);
  ASSERT_TRUE(sampler.ok()) << sampler.status().message();
  EXPECT_EQ((*sampler)->timesteps().back(), 1) << "what the file says besides is kept";
}

INSTANTIATE_TEST_SUITE_P(
    Values, UnbuiltOption,
    testing::Values(
        Unbuilt{"DDIMScheduler", R"("thresholding": true)", "ddim", R"("thresholding": true; supported: false)"},
        Unbuilt{"DDIMScheduler", R"("timestep_spacing": "even")", "ddim", "supported: leading, trailing, linspace"},
        Unbuilt{"DDPMScheduler", R"("variance_type": "learned_range")", "ddpm", "supported: fixed_small"},
        Unbuilt{"DDPMScheduler", R"("thresholding": true)", "ddpm", "thresholding"},
        Unbuilt{"PNDMScheduler", "", "plms", "skip_prk_steps"},
        Unbuilt{"PNDMScheduler", R"("skip_prk_steps": false)", "plms", "supported: true"},
        Unbuilt{"EulerDiscreteScheduler", R"("interpolation_type": "log_linear")", "euler", R"(supported: "linear")"},
        Unbuilt{"EulerDiscreteScheduler", R"("timestep_type": "continuous")", "euler", R"(supported: "discrete")"},
        Unbuilt{"EulerDiscreteScheduler", R"("use_beta_sigmas": true)", "euler", "use_beta_sigmas"},
        Unbuilt{"EulerDiscreteScheduler", R"("sigma_max": Infinity)", "euler", "sigma_max"},
        Unbuilt{"EulerDiscreteScheduler", R"("final_sigmas_type": "last")", "euler", "supported: zero, sigma_min"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("solver_order": 4)", "dpm++", "supported: 1 to 3"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("algorithm_type": "dpm+")", "dpm++", "supported: dpmsolver++"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("solver_type": "euler")", "dpm++", "supported: midpoint, heun"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("use_lu_lambdas": true)", "dpm++", "use_lu_lambdas"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("use_flow_sigmas": true)", "dpm++", "use_flow_sigmas"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("lambda_min_clipped": -5.1)", "dpm++", "lambda_min_clipped"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("variance_type": "learned")", "dpm++", "variance_type"},
        Unbuilt{"DPMSolverMultistepScheduler", R"("algorithm_type": "sde-dpmsolver++", "thresholding": true)",
                "dpm++2m-sde", "thresholding"},
        Unbuilt{"DPMSolverSDEScheduler", R"("use_beta_sigmas": true)", "dpm++-sde", "use_beta_sigmas"},
        Unbuilt{"UniPCMultistepScheduler", R"("solver_order": 4)", "unipc", "supported: 1 to 3"},
        Unbuilt{"UniPCMultistepScheduler", R"("solver_type": "bh3")", "unipc", "supported: bh2, bh1"},
        Unbuilt{"UniPCMultistepScheduler", R"("solver_p": {})", "unipc", "solver_p"},
        Unbuilt{"DEISMultistepScheduler", R"("solver_order": 3)", "deis", "supported: 1 to 2"},
        Unbuilt{"LCMScheduler", R"("thresholding": true)", "lcm", "thresholding"}));

TEST(SchedulerConfigs, ARefusedSamplerIsRefusedByEachOfItsNames) {
  const SchedulerConfig config = parsed(scheduler("DPMSolverMultistepScheduler", true, R"("use_lu_lambdas": true)"));
  for (const char* name : {"", "dpm++", "dpm++2m", "DPM++ 2M"})
    EXPECT_FALSE(make_sampler(name, config, 5).ok()) << name;
  // A known model's recipe may set another in its place.
  SchedulerConfig known = config;
  known.sampler = "one-step";
  EXPECT_TRUE(make_sampler("", known, 1).ok());
}

// Numbers as Python writes them, keys of other classes and keys of none: nothing that the class does otherwise.
TEST(SchedulerConfigs, WhatMeansNothingIsPassedOver) {
  for (const auto& [name, more] :
       {std::pair("DPMSolverMultistepScheduler", R"("lambda_min_clipped": -Infinity, "_x": "-Infinity \\")"),
        std::pair("DPMSolverMultistepScheduler", R"("_x": "\"NaN", "lambda_min_clipped": null, "_y": NaN)"),
        std::pair("DPMSolverMultistepScheduler", R"("variance_type": "fixed_small", "solver_type": "bh1")"),
        std::pair("DPMSolverMultistepScheduler", R"("algorithm_type": "deis", "interpolation_type": "log_linear")"),
        std::pair("EulerDiscreteScheduler", R"("thresholding": true, "solver_order": 7, "sigma_min": NaN)"),
        std::pair("PNDMScheduler", R"("skip_prk_steps": true, "use_beta_sigmas": true, "clip_sample": "no")"),
        std::pair("DDIMScheduler",
                  R"("variance_type": "learned", "use_karras_sigmas": 3, "sample_max_value": Infinity)"),
        std::pair("UniPCMultistepScheduler", R"("solver_type": "midpoint", "lambda_min_clipped": -5.1)")}) {
    const SchedulerConfig config = parsed(scheduler(name, true, more));
    EXPECT_TRUE(make_sampler("", config, 5).ok()) << make_sampler("", config, 5).status().message();
  }
  const SchedulerConfig unlimited = parsed(scheduler("DDIMScheduler", true, R"("clip_sample_range": Infinity)"));
  const SchedulerConfig unclipped = parsed(scheduler("DDIMScheduler", true, R"("clip_sample": false)"));
  const auto end_of = [](const SchedulerConfig& config) {
    std::vector<float> x = {1.0f};
    SamplerState state;
    (*make_sampler("", config, 1))->step(0, std::vector<float>{-500.0f}, x, {}, state);
    return x[0];
  };
  EXPECT_GT(end_of(unlimited), 10);
  EXPECT_EQ(end_of(unlimited), end_of(unclipped));
}

TEST(SchedulerConfigs, NameTheirClassInSeveralWays) {
  for (const char* name : {R"("DDIMScheduler")", R"(["DDIMScheduler"])", R"(["diffusers", "DDIMScheduler"])"})
    EXPECT_EQ(parsed(std::string(R"({"_class_name": )") + name + "}").sampler, "ddim") << name;
  EXPECT_EQ(parsed("{}").sampler, "gan");
  EXPECT_FALSE(parse_scheduler_config(R"({"_class_name": []})", "").ok());
  EXPECT_FALSE(parse_scheduler_config(R"({"_class_name": [3]})", "").ok());
  // A file that names none is of the class that model_index.json says, with that class's defaults.
  for (const auto& [class_name, sampler] :
       {std::pair("UniPCMultistepScheduler", "unipc"), std::pair("SomethingElse", "")}) {
    const auto config = parse_scheduler_config("{}", "scheduler_config.json", class_name);
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(config->sampler, sampler);
    EXPECT_EQ(config->class_name, class_name);
    EXPECT_EQ(config->beta_end, 0.02);
  }
}

TEST(SchedulerConfigs, TrainedBetasStandForASchedule) {
  const SchedulerConfig config =
      parsed(R"({"_class_name": "DDIMScheduler", "num_train_timesteps": 3, "trained_betas": [0.5, 0.25, 0.125]})");
  EXPECT_EQ(alphas_cumprod(config), (std::vector<double>{0.5, 0.375, 0.328125}));
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
        std::tuple("DDIMScheduler", R"("trained_betas": [0.1])", "expected null or 1000 numbers between 0 and 1"),
        std::tuple("DDIMScheduler", R"("trained_betas": "many")", "expected null or 1000 numbers between 0 and 1"),
        std::tuple("DDIMScheduler", R"("steps_offset": 1000)", "expected an integer from 0 to 999, found 1000"),
        std::tuple("DDIMScheduler", R"("set_alpha_to_one": 1)", "expected true or false, found 1"),
        std::tuple("DDIMScheduler", R"("set_alpha_to_one": 1, "solver_order": "many", "thresholding": true)",
                   "expected true or false, found 1"),
        std::tuple("DDIMScheduler", R"("prediction_type": "flow_prediction")", "supported: epsilon"),
        std::tuple("DDPMScheduler", R"("clip_sample_range": -1)", "clip_sample_range"),
        std::tuple("UniPCMultistepScheduler", R"("solver_order": 0)", "found 0"),
        std::tuple("UniPCMultistepScheduler", R"("disable_corrector": [-1])", "disable_corrector"),
        std::tuple("LCMScheduler", R"("original_inference_steps": 0)", "expected an integer from 1 to 1000, found 0"),
        std::tuple("TCDScheduler", R"("original_inference_steps": 1001)", "found 1001")));

}  // namespace
}  // namespace mobilediffusion
