// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace mobilediffusion {
namespace {

SchedulerConfig zero_snr() {
  SchedulerConfig config;
  config.rescale_betas_zero_snr = true;
  config.prediction_type = PredictionType::kVPrediction;
  return config;
}

// What diffusers' DDIMScheduler computes in float32 for 0.00085 to 0.012.
TEST(AlphasCumprod, AgreeWithDiffusers) {
  const std::vector<double> alphas = alphas_cumprod(SchedulerConfig());
  ASSERT_EQ(alphas.size(), 1000u);
  const struct {
    size_t t;
    double expected;
  } rows[] = {{0, 0.9991499781608582},    {1, 0.9982960224151611},     {250, 0.67379230260849},
              {500, 0.27633246779441833}, {998, 0.004716695751994848}, {999, 0.00466009508818388}};
  for (const auto& row : rows) EXPECT_NEAR(alphas[row.t], row.expected, 1e-6 * row.expected) << row.t;
}

// Algorithm 1 by way of the betas, as diffusers writes it, in long double: shift and scale sqrt(alpha-bar), go back to
// alphas by quotients, and take their running product again.
TEST(AlphasCumprod, AreRescaledToZeroTerminalSnr) {
  const SchedulerConfig config = zero_snr();
  std::vector<long double> root;
  long double product = 1;
  for (int t = 0; t < 1000; ++t) {
    const long double b = std::sqrt(0.00085L) + (std::sqrt(0.012L) - std::sqrt(0.00085L)) * t / 999;
    product *= 1 - b * b;
    root.push_back(std::sqrt(product));
  }
  const long double first = root.front(), last = root.back();
  for (long double& r : root) r = (r - last) * first / (first - last);
  const std::vector<double> alphas = alphas_cumprod(config);
  long double again = 1;
  for (size_t t = 0; t < 1000; ++t) {
    const long double alpha = t == 0 ? root[0] * root[0] : (root[t] * root[t]) / (root[t - 1] * root[t - 1]);
    again *= alpha;
    EXPECT_NEAR(alphas[t], static_cast<double>(again), 1e-13) << t;
  }
  EXPECT_EQ(alphas[999], 0.0);
  EXPECT_NEAR(alphas[0], 0.99915, 1e-12);
  EXPECT_GT(alphas[998], 1.9e-7);
}

TEST(AlphasCumprod, FallStrictly) {
  for (const SchedulerConfig& config : {SchedulerConfig(), zero_snr()}) {
    const std::vector<double> alphas = alphas_cumprod(config);
    for (size_t t = 1; t < alphas.size(); ++t) EXPECT_LT(alphas[t], alphas[t - 1]) << t;
  }
}

TEST(AlphasCumprod, BearASingleTimestep) {
  SchedulerConfig config = zero_snr();
  config.num_train_timesteps = 1;
  const std::vector<double> alphas = alphas_cumprod(config);
  ASSERT_EQ(alphas.size(), 1u);
  EXPECT_NEAR(alphas[0], 0.99915, 1e-12);
}

// latents, unet_output, x0 of the goldens base (epsilon), zero-snr (v_prediction) and sample-prediction, at t = 999.
TEST(X0, IsThatOfTheGoldens) {
  struct Row {
    float x_t, output, x0;
  };
  const auto check = [](PredictionType type, double alpha_bar, const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      float x0 = 0;
      x0_from_output(type, {&row.x_t, 1}, {&row.output, 1}, alpha_bar, {&x0, 1});
      EXPECT_NEAR(x0, row.x0, 1e-6 * (1 + std::abs(row.x0)));
    }
  };
  check(PredictionType::kEpsilon, alphas_cumprod(SchedulerConfig())[999],
        {{0.285725415f, -0.0373878218f, 4.7319479f},
         {-0.978748977f, -0.0147864148f, -14.1214132f},
         {-0.938814223f, -0.109661803f, -12.1498461f},
         {0.176648155f, 0.157211661f, 0.29009375f}});
  check(PredictionType::kVPrediction, alphas_cumprod(zero_snr())[999],
        {{-1.05711043f, -0.286949575f, 0.286949575f}, {-0.985876501f, 0.714987159f, -0.714987159f}});
  check(PredictionType::kSample, alphas_cumprod(SchedulerConfig())[999],
        {{1.57855463f, 0.0222239941f, 0.0222239941f}, {0.159945026f, 0.624550045f, 0.624550045f}});
}

// For a known x0 and noise, all three outputs that a perfect network would give lead back to x0; in place, too.
TEST(X0, ComesBackFromAPerfectOutput) {
  const std::vector<double> alphas = alphas_cumprod(SchedulerConfig());
  const std::vector<float> x0 = {0.3f, -1.7f, 0.0f, 2.5f, -0.01f}, e = {1.1f, -0.4f, 0.0f, -2.2f, 0.7f};
  for (int t : {0, 10, 500, 900, 999}) {
    const double a = alphas[static_cast<size_t>(t)];
    std::vector<float> x_t(5), v(5), back(5);
    add_noise(x0, e, a, x_t);
    for (size_t i = 0; i < 5; ++i) {
      v[i] = static_cast<float>(std::sqrt(a) * e[i] - std::sqrt(1 - a) * x0[i]);
    }
    x0_from_output(PredictionType::kEpsilon, x_t, e, a, back);
    for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(back[i], x0[i], 2e-6 / std::sqrt(a)) << t;
    x0_from_output(PredictionType::kVPrediction, x_t, v, a, back);
    for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(back[i], x0[i], 1e-6) << t;
    x0_from_output(PredictionType::kSample, x_t, x0, a, back);
    EXPECT_EQ(back, x0);
    x0_from_output(PredictionType::kVPrediction, x_t, v, a, x_t);
    for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(x_t[i], x0[i], 1e-6) << t;
  }
}

TEST(X0, CannotComeFromTheEpsilonOfPureNoise) {
  const Status status = check_prediction(PredictionType::kEpsilon, 0.0);
  EXPECT_EQ(status.code(), StatusCode::kInvalidModel);
  EXPECT_NE(status.message().find("epsilon"), std::string::npos);
  EXPECT_TRUE(check_prediction(PredictionType::kEpsilon, 1e-9).ok());
  EXPECT_TRUE(check_prediction(PredictionType::kVPrediction, 0.0).ok());
  EXPECT_TRUE(check_prediction(PredictionType::kSample, 0.0).ok());
}

TEST(AddNoise, IsAllNoiseAtZeroAndAllPictureAtOne) {
  const std::vector<float> x0 = {1, -2, 3}, noise = {0.5f, 0.25f, -4};
  std::vector<float> out(3);
  add_noise(x0, noise, 0.0, out);
  EXPECT_EQ(out, noise);
  add_noise(x0, noise, 1.0, out);
  EXPECT_EQ(out, x0);
  add_noise(x0, noise, 0.36, out);
  EXPECT_NEAR(out[0], 0.6 * 1 + 0.8 * 0.5, 1e-6);
}

// numpy: np.round(np.arange(1000, 0, -1000 / n)) - 1.
TEST(TrailingTimesteps, AreAsDiffusersSpacesThem) {
  EXPECT_EQ(trailing_timesteps(1000, 1), (std::vector<int>{999}));
  EXPECT_EQ(trailing_timesteps(1000, 2), (std::vector<int>{999, 499}));
  EXPECT_EQ(trailing_timesteps(1000, 3), (std::vector<int>{999, 666, 332}));
  EXPECT_EQ(trailing_timesteps(1000, 4), (std::vector<int>{999, 749, 499, 249}));
  EXPECT_EQ(trailing_timesteps(1000, 7), (std::vector<int>{999, 856, 713, 570, 428, 285, 142}));
  EXPECT_EQ(trailing_timesteps(1000, 16),
            (std::vector<int>{999, 937, 874, 811, 749, 687, 624, 561, 499, 437, 374, 311, 249, 187, 124, 61}));
}

TEST(TrailingTimesteps, NeverRepeat) {
  for (int span : {1, 2, 7, 500, 1000}) {
    for (int steps = 1; steps <= span; ++steps) {
      const std::vector<int> timesteps = trailing_timesteps(span, steps);
      ASSERT_EQ(timesteps.size(), static_cast<size_t>(steps));
      EXPECT_EQ(timesteps.front(), span - 1);
      EXPECT_GE(timesteps.back(), 0);
      for (size_t i = 1; i < timesteps.size(); ++i) ASSERT_LT(timesteps[i], timesteps[i - 1]) << span << " " << steps;
    }
  }
}

TEST(Guidance, FollowsTheDifference) {
  const std::vector<float> uncond = {1, 2, -3, 0.1f}, cond = {2, 2, -1, 0.7f};
  std::vector<float> out(4);
  apply_guidance(uncond, cond, 7.5f, out);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(out[i], uncond[i] + 7.5 * (cond[i] - uncond[i]), 1e-6 * 20);
  apply_guidance(uncond, cond, 0.0f, out);
  EXPECT_EQ(out, uncond);
  apply_guidance(uncond, cond, 1.0f, out);
  EXPECT_EQ(out, cond);
  std::vector<float> in_place = uncond;
  apply_guidance(in_place, cond, 2.0f, in_place);
  EXPECT_EQ(in_place[0], 3.0f);
  EXPECT_EQ(in_place[2], 1.0f);
}

}  // namespace
}  // namespace mobilediffusion
