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

// The timestep, between two of `training_sigmas`, at which the training's log sigma is this one's.
double timestep_of_sigma(double sigma, const std::vector<double>& training_sigmas);

// Fewer steps than these are few, by diffusers' own count: the last is of a lower order then, if the scheduler says so.
inline constexpr int kFewSteps = 15;

// What noise is multiplied with to become latents of variance sigma^2 + 1: as diffusers has it, sigma where the spacing
// reaches the last timestep, and else the square root of that variance.
float initial_scale_of_sigmas(const SchedulerConfig& config, double first_sigma);

// An ancestral step (Crowson's k-diffusion) from one sigma to the next goes `down` below the next one, and comes up to
// it by fresh noise of deviation `up`, as much as the forward process would have added.
struct AncestralStep {
  double down, up;
};
AncestralStep ancestral_step(double from, double to);

// How many values, from this step's back, a multistep solver can extrapolate from: those of sigmas that differ, as a
// difference over nothing says nothing. Sigmas repeat where more steps are asked for than the spacing has.
int most_order(const std::vector<double>& sigmas, int step);

// x_t = signal x0 + noise e of variance 1 at this sigma.
SignalAndNoise signal_and_noise_of_sigma(double sigma);

}  // namespace mobilediffusion
