// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/sigma_schedule.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mobilediffusion {
namespace {

constexpr double kRho = 7.0;  // Karras et al.'s choice

double interpolated(const std::vector<double>& table, double at) {
  const auto low = std::min(static_cast<size_t>(at), table.size() - 1);
  const double rest = at - static_cast<double>(low);
  return rest == 0.0 ? table[low] : table[low] + rest * (table[low + 1] - table[low]);
}

bool is_by_sigma(const SchedulerConfig& config) { return config.use_karras_sigmas || config.use_exponential_sigmas; }

// Karras et al., equation 5: even in sigma^(1/rho). Exponential: even in log sigma.
std::vector<double> even_sigmas(const SchedulerConfig& config, double largest, double smallest, int steps) {
  const bool karras = config.use_karras_sigmas;
  const double from = karras ? std::pow(largest, 1 / kRho) : std::log(largest);
  const double to = karras ? std::pow(smallest, 1 / kRho) : std::log(smallest);
  std::vector<double> sigmas;
  for (int i = 0; i < steps; ++i) {
    const double ramp = steps > 1 ? static_cast<double>(i) / (steps - 1) : 0.0;
    const double at = from + ramp * (to - from);
    sigmas.push_back(karras ? std::pow(at, kRho) : std::exp(at));
  }
  return sigmas;
}

}  // namespace

std::vector<double> training_sigmas(const SchedulerConfig& config) {
  std::vector<double> table = alphas_cumprod(config);
  if (config.rescale_betas_zero_snr) table.back() = std::ldexp(1.0, -24);
  for (double& a : table) a = std::sqrt((1 - a) / a);
  return table;
}

double timestep_of_sigma(double sigma, const std::vector<double>& training_sigmas) {
  const std::vector<double>& table = training_sigmas;
  if (table.size() < 2) return 0;
  const auto above = std::upper_bound(table.begin(), table.end(), sigma);
  const auto low = static_cast<size_t>(
      std::clamp<std::ptrdiff_t>(above - table.begin() - 1, 0, static_cast<std::ptrdiff_t>(table.size()) - 2));
  const double from = std::log(table[low]), to = std::log(table[low + 1]);
  return static_cast<double>(low) + std::clamp((std::log(sigma) - from) / (to - from), 0.0, 1.0);
}

float initial_scale_of_sigmas(const SchedulerConfig& config, double first_sigma) {
  const bool leading = config.timestep_spacing.value_or(TimestepSpacing::kLinspace) == TimestepSpacing::kLeading;
  return static_cast<float>(leading ? std::sqrt(first_sigma * first_sigma + 1) : first_sigma);
}

AncestralStep ancestral_step(double from, double to) {
  const double up = std::sqrt(to * to * (from * from - to * to) / (from * from));
  return {std::sqrt(to * to - up * up), up};
}

SigmaSchedule euler_schedule(const SchedulerConfig& config, int steps) {
  const std::vector<double> table = training_sigmas(config);
  const TimestepSpacing spacing = config.timestep_spacing.value_or(TimestepSpacing::kLinspace);
  SigmaSchedule schedule;
  if (spacing == TimestepSpacing::kLinspace) {
    const double last = config.num_train_timesteps - 1.0;
    for (int i = steps - 1; i >= 0; --i)  // diffusers' one step is timestep 0, where there is no noise to take away
      schedule.timesteps.push_back(static_cast<float>(steps > 1 ? i * (last / (steps - 1)) : last));
  } else {
    schedule.timesteps = as_floats(spaced_timesteps(spacing, config, steps));
  }
  for (const float t : schedule.timesteps) schedule.sigmas.push_back(interpolated(table, t));
  if (is_by_sigma(config)) {
    schedule.sigmas = even_sigmas(config, schedule.sigmas.front(), schedule.sigmas.back(), steps);
    for (size_t i = 0; i < schedule.timesteps.size(); ++i)
      schedule.timesteps[i] = static_cast<float>(timestep_of_sigma(schedule.sigmas[i], table));
  }
  schedule.sigmas.push_back(config.final_sigma_is_zero ? 0.0 : table.front());
  return schedule;
}

SigmaSchedule solver_schedule(const SchedulerConfig& config, int steps) {
  const std::vector<double> table = training_sigmas(config);
  SigmaSchedule schedule;
  if (is_by_sigma(config)) {
    schedule.sigmas = even_sigmas(config, table.back(), table.front(), steps);
    for (const double sigma : schedule.sigmas) {
      const double timestep = timestep_of_sigma(sigma, table);  // which diffusers rounds after Karras, else cuts
      schedule.timesteps.push_back(
          static_cast<float>(config.use_karras_sigmas ? std::nearbyint(timestep) : std::trunc(timestep)));
    }
  } else {
    const TimestepSpacing spacing = config.timestep_spacing.value_or(TimestepSpacing::kLinspace);
    const bool trailing = spacing == TimestepSpacing::kTrailing;
    schedule.timesteps = as_floats(spaced_timesteps(spacing, config, trailing ? steps : steps + 1));
    schedule.timesteps.resize(static_cast<size_t>(steps));
    for (const float t : schedule.timesteps) schedule.sigmas.push_back(table[static_cast<size_t>(t)]);
  }
  schedule.sigmas.push_back(config.final_sigma_is_zero ? 0.0 : table.front());
  return schedule;
}

int most_order(const std::vector<double>& sigmas, int step) {
  int order = 1;
  auto at = static_cast<size_t>(step);
  if (sigmas[at] == sigmas[at + 1]) return order;
  for (; at > 0 && sigmas[at - 1] != sigmas[at]; --at) ++order;
  return order;
}

SignalAndNoise signal_and_noise_of_sigma(double sigma) {
  const double signal = 1 / std::sqrt(sigma * sigma + 1);
  return {static_cast<float>(signal), static_cast<float>(sigma * signal)};
}

}  // namespace mobilediffusion
