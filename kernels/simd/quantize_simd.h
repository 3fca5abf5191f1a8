// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Vectors to 8 bits, for kernels that quantise what they make. Include as simd.h, which it includes.
#include "kernels/simd/simd.h"

#if defined(MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#undef MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#else
#define MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#endif

#include <cstdint>
#include <limits>

#include "kernels/runtime/quantization.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {
constexpr int32_t kRoundingBits = 0x4b400000;  // kRounding's

// round(x / scale) + zero_point, within -128 to 127, for |x / scale| < 2^22.
class Quantizer {
 public:
  HWY_INLINE explicit Quantizer(Quantization quantization)
      : inverse_(hn::Set(FloatTag(), 1.0f / quantization.scale)),
        offset_(hn::Set(hn::RebindToSigned<FloatTag>(), kRoundingBits - quantization.zero_point)) {}

  HWY_INLINE void store(Floats x, size_t count, int8_t* to) const {
    const FloatTag d;
    const hn::Rebind<int8_t, FloatTag> bytes;
    const Floats rounded = hn::MulAdd(x, inverse_, hn::Set(d, kRounding));
    const auto whole = hn::Sub(hn::BitCast(hn::RebindToSigned<FloatTag>(), rounded), offset_);
    store_lanes(bytes, hn::DemoteTo(bytes, whole), count, to);  // saturates
  }

 private:
  Floats inverse_;
  hn::Vec<hn::RebindToSigned<FloatTag>> offset_;
};

// Widens [least, greatest] to hold every value; zero is in every range. Both become NaN where a value is not finite.
template <typename T>
HWY_INLINE void widen_range(const T* x, size_t size, float& least, float& greatest) {
  const FloatTag d;
  Floats low = hn::Set(d, least), high = hn::Set(d, greatest), spoilt = hn::Zero(d);
  for_each_vector(size, [&](size_t i, size_t count) {
    prefetch(x + i);
    const Floats v = hn::IfThenElseZero(hn::FirstN(d, count), load(x + i, count));
    low = hn::Min(low, v);
    high = hn::Max(high, v);
    spoilt = hn::Add(spoilt, hn::Sub(v, v));  // zero for every finite value, NaN for the others
  });
  if (!hn::AllTrue(d, hn::Eq(spoilt, hn::Zero(d)))) {
    least = greatest = std::numeric_limits<float>::quiet_NaN();
    return;
  }
  least = hn::GetLane(hn::MinOfLanes(d, low));
  greatest = hn::GetLane(hn::MaxOfLanes(d, high));
}

template <typename T>
HWY_INLINE void quantize_values(const T* x, size_t size, Quantization quantization, int8_t* to) {
  const Quantizer quantizer(quantization);
  for_each_vector(size, [&](size_t i, size_t count) {
    prefetch(x + i);
    quantizer.store(load(x + i, count), count, to + i);
  });
}

// A row to its own range.
template <typename T>
HWY_INLINE Quantization quantize_row(const T* x, size_t size, int8_t* to) {
  float least = 0, greatest = 0;
  widen_range(x, size, least, greatest);
  const Quantization quantization = quantization_of(least, greatest);
  quantize_values(x, size, quantization, to);
  return quantization;
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
