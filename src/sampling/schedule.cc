// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace mobilediffusion {
namespace {

// Shifts sqrt(alpha-bar) so that its last value is 0, and scales it so that its first one stays.
void rescale_to_zero_terminal_snr(std::vector<double>& alphas) {
  const double first = std::sqrt(alphas.front());
  const double last = std::sqrt(alphas.back());
  for (double& alpha : alphas) {
    const double root = (std::sqrt(alpha) - last) * (first / (first - last));
    alpha = root * root;
  }
}

double ramp(double begin, double end, int t, int count) {
  return count > 1 ? begin + (end - begin) * t / (count - 1) : begin;
}

double squared_cosine(double t) {
  const double root = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
  return root * root;
}

double beta(const SchedulerConfig& config, int t) {
  if (!config.trained_betas.empty()) return config.trained_betas[static_cast<size_t>(t)];
  const int count = config.num_train_timesteps;
  switch (config.beta_schedule) {
    case BetaSchedule::kLinear:
      return ramp(config.beta_start, config.beta_end, t, count);
    case BetaSchedule::kScaledLinear: {
      const double root = ramp(std::sqrt(config.beta_start), std::sqrt(config.beta_end), t, count);
      return root * root;
    }
    case BetaSchedule::kSquaredCosine:
      return std::min(1 - squared_cosine((t + 1.0) / count) / squared_cosine(1.0 * t / count), 0.999);
  }
  return 0;
}

}  // namespace

std::vector<double> alphas_cumprod(const SchedulerConfig& config) {
  const int count = config.num_train_timesteps;
  std::vector<double> alphas;
  alphas.reserve(static_cast<size_t>(count));
  double product = 1.0;
  for (int t = 0; t < count; ++t) {
    product *= 1.0 - beta(config, t);
    alphas.push_back(product);
  }
  // A single timestep, or betas of 0, cannot be shifted: the division would be by 0.
  if (config.rescale_betas_zero_snr && count > 1 && alphas.front() > alphas.back()) {
    rescale_to_zero_terminal_snr(alphas);
  }
  return alphas;
}

std::vector<int> trailing_timesteps(int span, int steps) {
  std::vector<int> timesteps;
  timesteps.reserve(static_cast<size_t>(steps));
  for (int i = 0; i < steps; ++i) {
    // In integers, so that no platform's rounding decides between two timesteps.
    const int64_t scaled = int64_t{span} * (steps - i);
    int64_t quotient = scaled / steps;
    const int64_t twice_rest = 2 * (scaled % steps);
    if (twice_rest > steps || (twice_rest == steps && quotient % 2 != 0)) ++quotient;
    timesteps.push_back(static_cast<int>(quotient) - 1);
  }
  return timesteps;
}

std::vector<int> spaced_timesteps(TimestepSpacing spacing, const SchedulerConfig& config, int steps) {
  const int span = config.num_train_timesteps;
  if (spacing == TimestepSpacing::kTrailing) return trailing_timesteps(span, steps);
  const int stride = span / steps;
  const double even = steps > 1 ? (span - 1.0) / (steps - 1) : 0.0;
  std::vector<int> timesteps;
  timesteps.reserve(static_cast<size_t>(steps));
  for (int i = steps - 1; i >= 0; --i) {
    if (spacing == TimestepSpacing::kLeading) {
      timesteps.push_back(std::min(i * stride + config.steps_offset, span - 1));
    } else {
      // diffusers' one step is timestep 0, where there is no noise to take away
      timesteps.push_back(i + 1 == steps ? span - 1 : static_cast<int>(std::nearbyint(i * even)));
    }
  }
  return timesteps;
}

std::vector<float> as_floats(const std::vector<int>& timesteps) { return {timesteps.begin(), timesteps.end()}; }

SignalAndNoise signal_and_noise(double alpha_bar) {
  return {static_cast<float>(std::sqrt(alpha_bar)), static_cast<float>(std::sqrt(1.0 - alpha_bar))};
}

Status check_prediction(PredictionType type, double alpha_bar) {
  if (type != PredictionType::kEpsilon || alpha_bar > 0.0) return {};
  return {StatusCode::kInvalidModel,
          "scheduler: prediction_type epsilon cannot start from pure noise (alpha-bar 0, as rescale_betas_zero_snr "
          "makes it): expected v_prediction or sample"};
}

void x0_from_output(PredictionType type, std::span<const float> x_t, std::span<const float> output, double alpha_bar,
                    std::span<float> x0) {
  const SignalAndNoise at = signal_and_noise(alpha_bar);
  for (size_t i = 0; i < x0.size(); ++i) x0[i] = split(type, x_t[i], output[i], at).x0;
}

void mix(SignalAndNoise factors, std::span<const float> x0, std::span<const float> noise, std::span<float> x_t) {
  for (size_t i = 0; i < x_t.size(); ++i) x_t[i] = factors.signal * x0[i] + factors.noise * noise[i];
}

void add_noise(std::span<const float> x0, std::span<const float> noise, double alpha_bar, std::span<float> x_t) {
  mix(signal_and_noise(alpha_bar), x0, noise, x_t);
}

void apply_guidance(std::span<const float> uncond, std::span<const float> cond, float scale, std::span<float> out) {
  if (scale == 1.0f) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = cond[i];
    return;
  }
  for (size_t i = 0; i < out.size(); ++i) out[i] = uncond[i] + scale * (cond[i] - uncond[i]);
}

}  // namespace mobilediffusion
