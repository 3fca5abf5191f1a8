// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where sampling begins when it begins with a picture.
#pragma once

#include <memory>
#include <string_view>

#include "mobilediffusion/status.h"
#include "src/sampling/sampler.h"

namespace mobilediffusion {

struct PartialSampling {
  std::unique_ptr<Sampler> sampler;
  int start = 0;  // the first step that is run
};

// As diffusers has it: of `steps` (0: the model's own) the last int(steps * strength) are run. Where that is none, as
// for a one-step model, one is: at the timestep nearest to strength, counted in all timesteps, if the sampler can be
// asked for one; else the last of as many steps as it takes, ceil(1 / strength). `strength` is from 0 to 1. Errors: as
// make_sampler()'s.
Result<PartialSampling> make_partial_sampling(std::string_view name, const SchedulerConfig& config, int steps,
                                              double strength);

}  // namespace mobilediffusion
