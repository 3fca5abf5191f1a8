// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Noise levels as Karras et al. ("Elucidating the Design Space of Diffusion-Based Generative Models", 2022) count them:
// sigma = sqrt((1-a)/a), the noise beside a picture of strength 1. The Euler and the multistep solvers go by these.
#pragma once

#include <vector>

#include "src/model/config.h"
#include "src/sampling/schedule.h"

namespace mobilediffusion {

struct SigmaSchedule {
  std::vector<float> timesteps;  // the network's input
  std::vector<double> sigmas;    // of each, and one more: where the last step ends
};

// sqrt((1-a)/a) of every timestep; at zero terminal SNR the last alpha-bar counts as 2^-24, as in diffusers.
std::vector<double> training_sigmas(const SchedulerConfig& config);

// For the Euler samplers: "linspace" goes between whole timesteps, and sigmas are interpolated.
SigmaSchedule euler_schedule(const SchedulerConfig& config, int steps);

// For the multistep solvers: whole timesteps, of which "linspace" and "leading" choose one more than are wanted and
// leave the earliest out.
SigmaSchedule solver_schedule(const SchedulerConfig& config, int steps);

// x_t = signal x0 + noise e of variance 1 at this sigma.
SignalAndNoise signal_and_noise_of_sigma(double sigma);

}  // namespace mobilediffusion
