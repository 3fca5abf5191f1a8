// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "benchmarks/peak.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "benchmarks/peak.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Returns how many it made; `sum` is for the compiler to think that somebody asks.
double multiply_and_accumulate(size_t rounds, float* sum) {
  const hn::ScalableTag<float> tag;
  constexpr size_t kIndependent = 12;  // enough for two multipliers of a latency of four to six
  hn::Vec<hn::ScalableTag<float>> sums[kIndependent];
  for (auto& of : sums) of = hn::Set(tag, *sum);
  const auto factor = hn::Set(tag, 0.999f), offset = hn::Set(tag, 0.001f);
  for (size_t i = 0; i < rounds; ++i) {
    for (auto& of : sums) of = hn::MulAdd(of, factor, offset);
  }
  for (const auto& of : sums) *sum += hn::GetLane(of);
  return static_cast<double>(rounds * kIndependent * hn::Lanes(tag));
}

}  // namespace mobilediffusion::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion {

HWY_EXPORT(multiply_and_accumulate);

double peak_macs() {
  static const double peak = [] {
    using Clock = std::chrono::steady_clock;
    float sum = 1;
    double best = 0;
    for (int i = 0; i < 50; ++i) {  // the best of many, for other programs take their turns
      const auto begin = Clock::now();
      const double macs = HWY_DYNAMIC_DISPATCH(multiply_and_accumulate)(100'000, &sum);
      best = std::max(best, macs / std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return sum == 0 ? 0 : best;
  }();
  return peak;
}

}  // namespace mobilediffusion
#endif  // HWY_ONCE
