// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// UniPC (Zhao et al., "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models", 2023,
// Algorithms 5 to 8): a multistep predictor like DPM-Solver's, and a corrector, which goes the last step anew once the
// network has answered at its end; no further run is needed for that. With h the step in lambda = -log sigma, s and n
// the factors of picture and noise before it, s' and n' behind it, and m the guess of x0:
//
//   x' = (n'/n) x - s' (e^z - 1) m0 - s' B sum of rho_k (m_k - m0)/r_k,   z = -h,   r_k = (lambda_k - lambda_0)/h
//
// B is z ("bh1") or e^z - 1 ("bh2"). The rho_k solve sum of rho_k r_k^(j-1) = j! phi_(j+1)(z) z / B for every j, with
// phi_1(z) = (e^z - 1)/z and phi_(j+1)(z) = (phi_j(z) - 1/j!)/z. The corrector's sum has the answer at the end, with
// r = 1, as one more term. Where not x0 but the noise e is extrapolated ("predict_x0": false), s and n change places,
// and z is h.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "src/sampling/sampler.h"
#include "src/sampling/sigma_schedule.h"

namespace mobilediffusion {
namespace {

constexpr int kMostOrder = 3;

// Solves sum over k of x_k r_k^j = b_j for j from 0, by Gauss' elimination; the r_k differ from one another.
std::array<double, kMostOrder> solve_powers(const std::array<double, kMostOrder>& r,
                                            const std::array<double, kMostOrder>& b, size_t size) {
  double rows[kMostOrder][kMostOrder + 1];
  for (size_t j = 0; j < size; ++j) {
    for (size_t k = 0; k < size; ++k) rows[j][k] = j == 0 ? 1.0 : rows[j - 1][k] * r[k];
    rows[j][size] = b[j];
  }
  // No pivot is 0: the leading minors of powers of different numbers are not.
  for (size_t at = 0; at < size; ++at) {
    for (size_t j = 0; j < size; ++j) {
      if (j == at) continue;
      const double times = rows[j][at] / rows[at][at];
      for (size_t k = at; k <= size; ++k) rows[j][k] -= times * rows[at][k];
    }
  }
  std::array<double, kMostOrder> x{};
  for (size_t j = 0; j < size; ++j) x[j] = rows[j][size] / rows[j][j];
  return x;
}

class UniPcSampler final : public Sampler {
 public:
  UniPcSampler(const SchedulerConfig& config, SigmaSchedule schedule)
      : Sampler(static_cast<int>(schedule.timesteps.size()), schedule.timesteps),
        type_(config.prediction_type),
        order_(std::min(config.solver_order, kMostOrder)),
        bh1_(config.bh1),
        of_noise_(!config.predict_x0),
        lower_order_final_(config.lower_order_final),
        uncorrected_(config.disable_corrector),
        sigmas_(std::move(schedule.sigmas)) {}

  SignalAndNoise mixture(int i) const override { return signal_and_noise_of_sigma(sigma(i)); }

  // state.history holds the guesses before this one's, newest first, and state.latents what the last step began with.
  void step(int i, std::span<const float> output, std::span<float> latents, std::span<const float>,
            SamplerState& state) const override {
    const SignalAndNoise at = mixture(i);
    std::vector<float> m(latents.size());
    for (size_t k = 0; k < latents.size(); ++k) {
      const Parts parts = split(type_, latents[k], output[k], at);
      m[k] = of_noise_ ? parts.e : parts.x0;
    }
    if (state.done > 0 && is_corrected(i - 1)) {
      std::copy(state.latents.begin(), state.latents.end(), latents.begin());
      go(i - 1, order_of(i - 1, state.done - 1), state, m, latents);
    }
    state.history.push_front(std::move(m));
    if (state.history.size() > static_cast<size_t>(order_)) state.history.pop_back();
    state.latents.assign(latents.begin(), latents.end());
    go(i, order_of(i, state.done), state, {}, latents);
    ++state.done;
  }

 private:
  double sigma(int i) const { return sigmas_[static_cast<size_t>(i)]; }

  bool is_corrected(int i) const {
    return std::find(uncorrected_.begin(), uncorrected_.end(), i) == uncorrected_.end();
  }

  // `done` steps were taken before it. A step to no noise is infinitely long in lambda, and of the first order.
  int order_of(int i, int done) const {
    const int allowed = sigma(i + 1) == 0 ? 1 : lower_order_final_ ? steps() - i : kMostOrder;
    return std::min({order_, done + 1, allowed, most_order(sigmas_, i)});
  }

  // Step i, from its beginning in `latents`: the predictor, or, given the guess `at_end`, the corrector. m0 is the
  // history's first.
  void go(int i, int order, const SamplerState& state, std::span<const float> at_end, std::span<float> latents) const {
    const SignalAndNoise from = mixture(i), to = mixture(i + 1);
    const double h = std::log(sigma(i) / sigma(i + 1)), z = of_noise_ ? h : -h;
    const double whole = std::expm1(z);
    const double gain = of_noise_ ? to.noise : to.signal;
    const float kept = of_noise_ ? to.signal / from.signal : to.noise / from.noise;

    std::array<double, kMostOrder> r{};
    for (int k = 1; k < order; ++k) r[static_cast<size_t>(k - 1)] = std::log(sigma(i) / sigma(i - k)) / h;
    r[static_cast<size_t>(order - 1)] = 1.0;
    const std::array<double, kMostOrder> rho =
        at_end.empty() ? predictor_weights(r, z, order) : corrector_weights(r, z, order);

    const std::vector<float>& m0 = state.history.front();
    const double b = bh1_ ? z : whole;
    const auto towards = static_cast<float>(-gain * whole);
    for (size_t k = 0; k < latents.size(); ++k) latents[k] = kept * latents[k] + towards * m0[k];
    const auto add = [&](std::span<const float> m, double weight) {
      const auto factor = static_cast<float>(-gain * b * weight);
      for (size_t k = 0; k < latents.size(); ++k) latents[k] += factor * (m[k] - m0[k]);
    };
    for (int past = 1; past < order; ++past) {
      const auto k = static_cast<size_t>(past - 1);
      add(state.history[static_cast<size_t>(past)], rho[k] / r[k]);
    }
    if (!at_end.empty()) add(at_end, rho[static_cast<size_t>(order - 1)]);
  }

  // j! phi_(j+1)(z) z / B, for j from 1.
  std::array<double, kMostOrder> right_sides(double z) const {
    const double b = bh1_ ? z : std::expm1(z);
    std::array<double, kMostOrder> sides{};
    double rest = std::expm1(z) / z - 1, factorial = 1;
    for (int j = 1; j <= kMostOrder; ++j) {
      sides[static_cast<size_t>(j - 1)] = rest * factorial / b;
      factorial *= j + 1;
      rest = rest / z - 1 / factorial;
    }
    return sides;
  }

  // The paper takes the solution's limit, a half, where one weight is all.
  std::array<double, kMostOrder> predictor_weights(const std::array<double, kMostOrder>& r, double z, int order) const {
    if (order <= 2) return {0.5};
    return solve_powers(r, right_sides(z), static_cast<size_t>(order - 1));
  }

  std::array<double, kMostOrder> corrector_weights(const std::array<double, kMostOrder>& r, double z, int order) const {
    if (order == 1) return {0.5};
    return solve_powers(r, right_sides(z), static_cast<size_t>(order));
  }

  const PredictionType type_;
  const int order_;
  const bool bh1_;
  const bool of_noise_;
  const bool lower_order_final_;
  const std::vector<int> uncorrected_;
  const std::vector<double> sigmas_;
};

Result<std::unique_ptr<Sampler>> make_unipc(const SchedulerConfig& config, int steps) {
  SchedulerConfig ending = config;
  if (!config.predict_x0) ending.final_sigma_is_zero = false;  // where there is no noise, e is not known
  return std::unique_ptr<Sampler>(std::make_unique<UniPcSampler>(ending, solver_schedule(ending, steps)));
}

}  // namespace

const SamplerKind kUniPcSampler = {"unipc", 0, &all_intervals, &make_unipc};

}  // namespace mobilediffusion
