// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "src/sampling/noise.h"

namespace mobilediffusion {
namespace {

SchedulerConfig config_of(PredictionType type, bool zero_snr = false, std::vector<int> timesteps = {999}) {
  SchedulerConfig config;
  config.prediction_type = type;
  config.rescale_betas_zero_snr = zero_snr;
  config.timesteps = std::move(timesteps);
  return config;
}

std::unique_ptr<Sampler> made(std::string_view name, const SchedulerConfig& config, int steps) {
  auto sampler = make_sampler(name, config, steps);
  EXPECT_TRUE(sampler.ok()) << sampler.status().message();
  return sampler.ok() ? std::move(*sampler) : nullptr;
}

std::vector<float> timesteps_of(std::string_view name, const SchedulerConfig& config, int steps) {
  const auto sampler = made(name, config, steps);
  return {sampler->timesteps().begin(), sampler->timesteps().end()};
}

int timestep(const Sampler& sampler, int i) { return static_cast<int>(sampler.timesteps()[static_cast<size_t>(i)]); }

// alpha-bar from the definition, apart from schedule.cc.
long double alpha_bar(int t, bool zero_snr) {
  const auto plain = [](int upto) {
    long double product = 1;
    for (int s = 0; s <= upto; ++s) {
      const long double b = std::sqrt(0.00085L) + (std::sqrt(0.012L) - std::sqrt(0.00085L)) * s / 999;
      product *= 1 - b * b;
    }
    return product;
  };
  if (!zero_snr) return plain(t);
  const long double first = std::sqrt(plain(0)), last = std::sqrt(plain(999));
  const long double root = (std::sqrt(plain(t)) - last) * first / (first - last);
  return root * root;
}

// What a network that knew the picture would answer at x_t.
float perfect_output(PredictionType type, long double x_t, long double x0, long double a) {
  const long double e = (x_t - std::sqrt(a) * x0) / std::sqrt(1 - a);
  switch (type) {
    case PredictionType::kEpsilon:
      return static_cast<float>(e);
    case PredictionType::kVPrediction:
      return static_cast<float>(std::sqrt(a) * e - std::sqrt(1 - a) * x0);
    case PredictionType::kSample:
      return static_cast<float>(x0);
  }
  return 0;
}

TEST(MakeSampler, TakesTheModelsTimesteps) {
  const auto one = config_of(PredictionType::kEpsilon);
  const auto four = config_of(PredictionType::kSample, false, {999, 700, 400, 150});
  for (const char* name : {"", "gan"}) {
    EXPECT_EQ(timesteps_of(name, one, 0), (std::vector<float>{999}));
    EXPECT_EQ(timesteps_of(name, one, 1), (std::vector<float>{999}));
    EXPECT_EQ(timesteps_of(name, one, 4), (std::vector<float>{999, 749, 499, 249}));
    EXPECT_EQ(timesteps_of(name, four, 0), (std::vector<float>{999, 700, 400, 150}));
    EXPECT_EQ(timesteps_of(name, four, 4), (std::vector<float>{999, 700, 400, 150}));
    EXPECT_EQ(timesteps_of(name, four, 1), (std::vector<float>{999}));
    EXPECT_EQ(timesteps_of(name, config_of(PredictionType::kSample, false, {499}), 2), (std::vector<float>{499, 249}));
  }
  EXPECT_EQ(timesteps_of("ddim", one, 0), (std::vector<float>{999}));
  EXPECT_EQ(timesteps_of("ddim", four, 0), (std::vector<float>{999, 749, 499, 249}));
  EXPECT_EQ(timesteps_of("ddim", one, 1000).back(), 0);
}

TEST(MakeSampler, SaysWhatIsWrong) {
  const auto config = config_of(PredictionType::kEpsilon);
  const auto expect = [](const Result<std::unique_ptr<Sampler>>& result, StatusCode code, const char* words) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.status().code(), code);
    EXPECT_NE(result.status().message().find(words), std::string::npos) << result.status().message();
  };
  expect(make_sampler("heun", config, 1), StatusCode::kInvalidArgument, "gan, one-step, sid, ddim");
  expect(make_sampler("heun", config, 1), StatusCode::kInvalidArgument, "found \"heun\"");
  expect(make_sampler("", config, -1), StatusCode::kInvalidArgument, "1 to 1000");
  expect(make_sampler("ddim", config, 1001), StatusCode::kInvalidArgument, "found 1001");
  expect(make_sampler("gan", config_of(PredictionType::kSample, false, {9}), 11), StatusCode::kInvalidArgument,
         "1 to 10");
  for (const char* name : {"gan", "ddim"}) {
    expect(make_sampler(name, config_of(PredictionType::kEpsilon, true), 1), StatusCode::kInvalidModel, "epsilon");
  }
  expect(make_sampler("", config_of(PredictionType::kSample, false, {1000}), 0), StatusCode::kInvalidModel, "1000");
  expect(make_sampler("", config_of(PredictionType::kSample, false, {}), 0), StatusCode::kInvalidModel, "timesteps");
}

// Below its first timestep a zero-SNR model may well predict epsilon.
TEST(MakeSampler, AllowsEpsilonWhereTheSignalIsNotNought) {
  EXPECT_TRUE(make_sampler("gan", config_of(PredictionType::kEpsilon, true, {900}), 0).ok());
}

struct Case {
  PredictionType type;
  bool zero_snr;
  int steps;
  double tolerance;  // epsilon divides by sqrt(alpha-bar): 0.068 at t = 999
};

class SamplerCases : public testing::TestWithParam<Case> {};

TEST_P(SamplerCases, DdimRecoversThePictureFromAPerfectNetwork) {
  const auto [type, zero_snr, steps, tolerance] = GetParam();
  const auto sampler = made("ddim", config_of(type, zero_snr), steps);
  std::vector<float> x0(64), latents(64), output(64);
  fill_normal(1, 0, 0, x0);
  fill_normal(2, 0, 0, latents);
  SamplerState state;
  // The noise that the start is made of stays the same along the whole path.
  const long double a0 = alpha_bar(999, zero_snr);
  std::vector<long double> e(64);
  for (size_t k = 0; k < 64; ++k) e[k] = (latents[k] - std::sqrt(a0) * x0[k]) / std::sqrt(1 - a0);
  for (int i = 0; i < steps; ++i) {
    const long double a = alpha_bar(timestep(*sampler, i), zero_snr);
    for (size_t k = 0; k < 64; ++k) {
      ASSERT_NEAR(latents[k], static_cast<double>(std::sqrt(a) * x0[k] + std::sqrt(1 - a) * e[k]), tolerance) << i;
      output[k] = perfect_output(type, latents[k], x0[k], a);
    }
    EXPECT_FALSE(sampler->needs_noise(i));
    sampler->step(i, output, latents, {}, state);
  }
  for (size_t k = 0; k < 64; ++k) EXPECT_NEAR(latents[k], x0[k], tolerance);
}

TEST_P(SamplerCases, GanRecoversThePictureFromAPerfectNetwork) {
  const auto [type, zero_snr, steps, tolerance] = GetParam();
  const auto sampler = made("gan", config_of(type, zero_snr), steps);
  std::vector<float> x0(64), latents(64), output(64), noise(64);
  fill_normal(1, 0, 0, x0);
  fill_normal(2, 0, 0, latents);
  SamplerState state;
  for (int i = 0; i < steps; ++i) {
    const long double a = alpha_bar(timestep(*sampler, i), zero_snr);
    for (size_t k = 0; k < 64; ++k) output[k] = perfect_output(type, latents[k], x0[k], a);
    EXPECT_EQ(sampler->needs_noise(i), i + 1 < steps);
    fill_normal(2, static_cast<uint64_t>(i) + 1, 0, noise);
    sampler->step(i, output, latents, sampler->needs_noise(i) ? std::span<const float>(noise) : std::span<float>(),
                  state);
    if (i + 1 == steps) break;
    const long double next = alpha_bar(timestep(*sampler, i + 1), zero_snr);
    for (size_t k = 0; k < 64; ++k) {
      const long double expected = std::sqrt(next) * x0[k] + std::sqrt(1 - next) * noise[k];
      ASSERT_NEAR(latents[k], static_cast<double>(expected), tolerance) << i;
    }
  }
  for (size_t k = 0; k < 64; ++k) EXPECT_NEAR(latents[k], x0[k], tolerance);
}

// With outputs that are not perfect every step's formula shows: against the same loop in long double.
TEST_P(SamplerCases, FollowTheirFormulasForAnyOutput) {
  const auto [type, zero_snr, steps, tolerance] = GetParam();
  for (const bool ddim : {false, true}) {
    const auto sampler = made(ddim ? "ddim" : "gan", config_of(type, zero_snr), steps);
    std::vector<float> latents(16), output(16), noise(16);
    fill_normal(3, 0, 0, latents);
    SamplerState state;
    std::vector<long double> expected(latents.begin(), latents.end());
    long double largest = 1;
    for (int i = 0; i < steps; ++i) {
      fill_normal(4, static_cast<uint64_t>(i), 0, output);
      fill_normal(5, static_cast<uint64_t>(i), 0, noise);
      const bool end = i + 1 == steps;
      const long double a = alpha_bar(timestep(*sampler, i), zero_snr);
      const long double b = end ? 1 : alpha_bar(timestep(*sampler, i + 1), zero_snr);
      for (size_t k = 0; k < 16; ++k) {
        const long double x = expected[k], y = output[k];
        const long double s = std::sqrt(a), n = std::sqrt(1 - a);
        const long double x0 = type == PredictionType::kEpsilon       ? (x - n * y) / s
                               : type == PredictionType::kVPrediction ? s * x - n * y
                                                                      : y;
        const long double e = ddim ? (x - s * x0) / n : static_cast<long double>(noise[k]);
        expected[k] = end ? x0 : std::sqrt(b) * x0 + std::sqrt(1 - b) * e;
        largest = std::max(largest, std::abs(expected[k]));
      }
      sampler->step(i, output, latents, noise, state);
      for (size_t k = 0; k < 16; ++k) {
        ASSERT_NEAR(latents[k], static_cast<double>(expected[k]), tolerance * largest) << i << " ddim " << ddim;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SamplerCases,
    testing::Values(Case{PredictionType::kEpsilon, false, 1, 2e-5}, Case{PredictionType::kEpsilon, false, 4, 2e-5},
                    Case{PredictionType::kEpsilon, false, 25, 2e-5}, Case{PredictionType::kVPrediction, false, 1, 2e-6},
                    Case{PredictionType::kVPrediction, false, 25, 5e-6},
                    Case{PredictionType::kVPrediction, true, 1, 2e-6},
                    Case{PredictionType::kVPrediction, true, 4, 2e-6},
                    Case{PredictionType::kVPrediction, true, 25, 5e-6}, Case{PredictionType::kSample, false, 4, 2e-6},
                    Case{PredictionType::kSample, true, 1, 2e-6}, Case{PredictionType::kSample, true, 25, 5e-6}));

}  // namespace
}  // namespace mobilediffusion
