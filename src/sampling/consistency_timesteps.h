// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The timesteps of models that were distilled from a solver of so many steps: a choice of the solver's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "src/model/config.h"

namespace mobilediffusion {

inline int solver_steps(const SchedulerConfig& config) {
  return std::clamp(config.original_inference_steps, 1, config.num_train_timesteps);
}

// With k the solver's stride, its timesteps are k - 1, 2k - 1, ...; `steps` of them, evenly, from the last one down.
inline std::vector<int> consistency_timesteps(const SchedulerConfig& config, int steps) {
  const int solver = solver_steps(config), stride = config.num_train_timesteps / solver;
  std::vector<int> timesteps;
  for (int i = 0; i < steps; ++i) {
    const auto skipped = static_cast<int>(i * (static_cast<double>(solver) / steps));
    timesteps.push_back((solver - skipped) * stride - 1);
  }
  return timesteps;
}

}  // namespace mobilediffusion
