// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How much of the picture is left at each timestep, and the three ways back from a network's output to the picture.
//
// The forward process (Ho et al., "Denoising Diffusion Probabilistic Models", 2020): x_t = sqrt(a) x0 + sqrt(1-a) e,
// e ~ N(0, 1), where a = alpha-bar(t), the product of (1 - beta) up to t, falls from about 1 to about 0.
//
// All spans here are elementwise and of one length; any order of the latent's elements will do.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/model/config.h"

namespace mobilediffusion {

// alpha-bar(t) for t in [0, num_train_timesteps). "linear": beta rises linearly; "scaled_linear": sqrt(beta) does;
// "squaredcos_cap_v2": alpha-bar follows a squared cosine (Nichol and Dhariwal, "Improved Denoising Diffusion
// Probabilistic Models", 2021), no beta above 0.999. With rescale_betas_zero_snr the last is exactly 0 (Lin et al.,
// "Common Diffusion Noise Schedules and Sample Steps are Flawed", 2023, Algorithm 1, as diffusers has it). Computed in
// double; diffusers' float32 agrees to 1e-6. trained_betas, where there are any, stand for the schedule.
std::vector<double> alphas_cumprod(const SchedulerConfig& config);

// `steps` timesteps from span - 1 down, evenly: t_i = round(span (steps - i) / steps) - 1, halves to even; diffusers'
// "trailing". It begins at the noisiest timestep, as a model with zero terminal SNR needs, and one step is that
// timestep alone. 1 <= steps <= span, whence no timestep comes twice.
std::vector<int> trailing_timesteps(int span, int steps);

// `steps` of num_train_timesteps, descending, by any of diffusers' three rules. "leading": multiples of their quotient,
// steps_offset added. "linspace": from the last to the first in even steps, rounded; one step is the last timestep.
std::vector<int> spaced_timesteps(TimestepSpacing spacing, const SchedulerConfig& config, int steps);
std::vector<float> as_floats(const std::vector<int>& timesteps);

// How many steps a sampler can take at most: one at each timestep, or from each to the next.
inline int all_timesteps(const SchedulerConfig& config) { return config.num_train_timesteps; }
inline int all_intervals(const SchedulerConfig& config) { return std::max(1, config.num_train_timesteps - 1); }

// The factors by which both parts of x_t are seen: sqrt(a) and sqrt(1-a), in float32 as PyTorch has them.
struct SignalAndNoise {
  float signal = 1.0f;
  float noise = 0.0f;
};
SignalAndNoise signal_and_noise(double alpha_bar);

// The picture and the noise that x_t = signal x0 + noise e is made of, by one of the network's output types.
struct Parts {
  float x0;
  float e;
};
inline Parts split(PredictionType type, float x_t, float output, SignalAndNoise at) {
  switch (type) {
    case PredictionType::kEpsilon:
      return {(x_t - at.noise * output) / at.signal, output};
    case PredictionType::kVPrediction:
      return {at.signal * x_t - at.noise * output, at.noise * x_t + at.signal * output};
    case PredictionType::kSample:
      return {output, (x_t - at.signal * output) / at.noise};
  }
  return {};
}

// An error when x0 cannot be had from such an output at this alpha-bar: epsilon of pure noise says nothing of x0.
Status check_prediction(PredictionType type, double alpha_bar);

// x0 = (x_t - sqrt(1-a) output) / sqrt(a)      epsilon; check_prediction() first
//    = sqrt(a) x_t - sqrt(1-a) output          v_prediction (Salimans and Ho, "Progressive Distillation", 2022)
//    = output                                  sample
// x0 may be x_t or output itself.
void x0_from_output(PredictionType type, std::span<const float> x_t, std::span<const float> output, double alpha_bar,
                    std::span<float> x0);

// x_t = signal x0 + noise e, and the same with the factors of an alpha-bar. x_t may be x0 or noise itself.
void mix(SignalAndNoise factors, std::span<const float> x0, std::span<const float> noise, std::span<float> x_t);
void add_noise(std::span<const float> x0, std::span<const float> noise, double alpha_bar, std::span<float> x_t);

// Classifier-free guidance (Ho and Salimans, 2022): out = uncond + scale (cond - uncond). out may be either input.
// Called for scale 0 to 100; at 1 out is cond, to the bit.
void apply_guidance(std::span<const float> uncond, std::span<const float> cond, float scale, std::span<float> out);

}  // namespace mobilediffusion
