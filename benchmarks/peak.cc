// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "benchmarks/peak.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "kernels/product/bfloat16_tiles.h"
#include "kernels/product/byte_tiles.h"

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

namespace {

// The most a second that macs(), which returns how many it made, comes to: of many tries, for other programs take their
// turns.
template <typename Macs>
double most_a_second(Macs&& macs) {
  using Clock = std::chrono::steady_clock;
  double best = 0;
  for (int i = 0; i < 50; ++i) {
    const auto begin = Clock::now();
    const double made = macs();
    best = std::max(best, made / std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

}  // namespace

double peak_macs() {
  static const double peak = [] {
    float sum = 1;
    const double best = most_a_second([&] { return HWY_DYNAMIC_DISPATCH(multiply_and_accumulate)(100'000, &sum); });
    return sum == 0 ? 0 : best;
  }();
  return peak;
}

double peak_byte_macs() {
  static const double peak = [] {
    if (kernels::byte_tiles().empty()) return 0.0;
    const kernels::ByteTiles& tiles = *kernels::byte_tiles().front();
    int32_t sum = 1;
    const double best = most_a_second([&] { return tiles.exercise(100'000, &sum); });
    return sum == 0 ? 0 : best;
  }();
  return peak;
}

double peak_tile_macs() {
  static const double peak = [] {
    if (!kernels::has_bfloat16_tiles()) return 0.0;
    float sum = 0;
    return most_a_second([&] { return kernels::exercise_tiles(10'000, &sum); });
  }();
  return peak;
}

}  // namespace mobilediffusion
#endif  // HWY_ONCE
