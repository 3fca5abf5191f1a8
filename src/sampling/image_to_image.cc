// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/image_to_image.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mobilediffusion {
namespace {

// More steps than that for the sake of one are not made.
constexpr double kLeastStrength = 0.02;

}  // namespace

Result<PartialSampling> make_partial_sampling(std::string_view name, const SchedulerConfig& config, int steps,
                                              double strength) {
  Result<std::unique_ptr<Sampler>> sampler = make_sampler(name, config, steps);
  if (!sampler.ok()) return sampler.status();
  const int count = (*sampler)->steps();
  if (static_cast<int>(count * strength) < 1) {
    SchedulerConfig once = config;
    const auto timestep = static_cast<int>(std::lround(strength * config.num_train_timesteps)) - 1;
    once.timesteps = {std::clamp(timestep, 0, config.num_train_timesteps - 1)};
    Result<std::unique_ptr<Sampler>> nearest = make_sampler(name, once, 1);
    if (nearest.ok() && static_cast<int>((*nearest)->timesteps().front()) == once.timesteps.front())
      return PartialSampling{std::move(*nearest), 0};
    sampler = make_sampler(name, config, static_cast<int>(std::ceil(1 / std::max(strength, kLeastStrength))));
    if (!sampler.ok()) return sampler.status();
  }
  const int start = (*sampler)->start(strength);
  return PartialSampling{std::move(*sampler), start};
}

}  // namespace mobilediffusion
