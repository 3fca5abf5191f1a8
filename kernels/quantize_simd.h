// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Vectors of float32 to 8 bits, for kernels that quantise what they make. Include as simd.h, which it includes.
#include "kernels/simd.h"

#if defined(MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#undef MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#else
#define MOBILEDIFFUSION_KERNELS_QUANTIZE_SIMD_H_
#endif

#include <cstdint>

#include "kernels/quantize.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Added to a float32 below 2^22, it leaves the nearest whole number (halves to even) in the low bits: three
// instructions less than a conversion that also minds what does not fit.
constexpr float kRounding = 0x1.8p23f;
constexpr int32_t kRoundingBits = 0x4b400000;

// round(x / scale) + zero_point, within -128 to 127, for |x / scale| < 2^22.
class Quantizer {
 public:
  HWY_INLINE explicit Quantizer(Quantization quantization)
      : inverse_(hn::Set(FloatTag(), 1.0f / quantization.scale)),
        offset_(hn::Set(hn::RebindToSigned<FloatTag>(), kRoundingBits - quantization.zero_point)) {}

  HWY_INLINE void store(Floats x, size_t count, int8_t* to) const {
    const FloatTag d;
    const hn::Rebind<int8_t, FloatTag> bytes;
    const Floats rounded = hn::Add(hn::Mul(x, inverse_), hn::Set(d, kRounding));
    const auto whole = hn::Sub(hn::BitCast(hn::RebindToSigned<FloatTag>(), rounded), offset_);
    store_lanes(bytes, hn::DemoteTo(bytes, whole), count, to);  // saturates
  }

 private:
  Floats inverse_;
  hn::Vec<hn::RebindToSigned<FloatTag>> offset_;
};

// SiLU to some 4e-4 of its value, which 8 bits cannot tell from the exact one: 2^t is a cubic of t's fraction (7e-5 off
// at most), shifted by its whole part.
HWY_INLINE Floats silu_for_int8(Floats x) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> whole_numbers;
  const Floats t = hn::Min(hn::Max(hn::Mul(x, hn::Set(d, -1.44269504f)), hn::Set(d, -126.0f)), hn::Set(d, 126.0f));
  const Floats rounded = hn::Add(t, hn::Set(d, kRounding));
  const Floats f = hn::Sub(t, hn::Sub(rounded, hn::Set(d, kRounding)));
  Floats p = hn::MulAdd(hn::Set(d, 0.05517134f), f, hn::Set(d, 0.24261117f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.69326103f));
  p = hn::MulAdd(p, f, hn::Set(d, 0.99992807f));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(whole_numbers, rounded));
  const Floats one_and_e = hn::Add(hn::Set(d, 1.0f), hn::BitCast(d, hn::Add(hn::BitCast(whole_numbers, p), exponent)));
  Floats r = hn::ApproximateReciprocal(one_and_e);
#if !HWY_ARCH_X86
  r = hn::Mul(r, hn::NegMulAdd(one_and_e, r, hn::Set(d, 2.0f)));  // 8 good bits become 16; on x86 they are 11 or 14
#endif
  return hn::Mul(x, r);
}

// Widens [least, greatest] to hold every value; zero is in every range.
HWY_INLINE void widen_range(const float* x, size_t size, float& least, float& greatest) {
  const FloatTag d;
  Floats low = hn::Set(d, least), high = hn::Set(d, greatest);
  for_each_vector(size, [&](size_t i, size_t count) {
    const Floats v = hn::IfThenElseZero(hn::FirstN(d, count), load(x + i, count));
    low = hn::Min(low, v);
    high = hn::Max(high, v);
  });
  least = hn::GetLane(hn::MinOfLanes(d, low));
  greatest = hn::GetLane(hn::MaxOfLanes(d, high));
}

HWY_INLINE void quantize_values(const float* x, size_t size, Quantization quantization, int8_t* to) {
  const Quantizer quantizer(quantization);
  for_each_vector(size, [&](size_t i, size_t count) { quantizer.store(load(x + i, count), count, to + i); });
}

// A row to its own range.
HWY_INLINE Quantization quantize_row(const float* x, size_t size, int8_t* to) {
  float least = 0, greatest = 0;
  widen_range(x, size, least, greatest);
  const Quantization quantization = quantization_of(least, greatest);
  quantize_values(x, size, quantization, to);
  return quantization;
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
