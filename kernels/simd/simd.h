// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Highway, as the kernels here use it: each is compiled for several instruction sets and picks one at run time, so no
// file of ours needs -march. Include behind HWY_TARGET_INCLUDE and hwy/foreach_target.h.
//
// Whole vectors are read and written also where the last one is not full: an activation's memory is padded for that
// (arena.h). Only rows that have neighbours behind them need the tail handled.
#if defined(MOBILEDIFFUSION_KERNELS_SIMD_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILEDIFFUSION_KERNELS_SIMD_H_
#undef MOBILEDIFFUSION_KERNELS_SIMD_H_
#else
#define MOBILEDIFFUSION_KERNELS_SIMD_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hwy/cache_control.h"
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/runtime/format.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;
using HalfTag = hn::Rebind<hwy::float16_t, FloatTag>;

// Calls body(i, count) for every vector of [0, size): count is the vector's length but for the last.
template <typename Body>
HWY_INLINE void for_each_vector(size_t size, Body&& body) {
  const size_t lanes = hn::Lanes(FloatTag());
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) body(i, lanes);
  if (i < size) body(i, size - i);
}

// Asks for what a loop over an activation reads some vectors later. Hardware that follows such loops by itself stops at
// every page: with this a group norm of 512x512x128 takes two thirds of the time.
template <typename T>
HWY_INLINE void prefetch(const T* from) {
  constexpr size_t kBytesAhead = 4096;
  hwy::Prefetch(reinterpret_cast<const char*>(from) + kBytesAhead);
}

HWY_INLINE Floats load(const float* from, size_t count) {
  const FloatTag d;
  if (count == hn::Lanes(d)) return hn::LoadU(d, from);
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
}

// Reads a whole vector, also where fewer lanes count.
HWY_INLINE Floats load(const Half* from, size_t count) {
  static_assert(sizeof(Half) == sizeof(hwy::float16_t));
  const FloatTag d;
  const Floats whole = hn::PromoteTo(d, hn::LoadU(HalfTag(), reinterpret_cast<const hwy::float16_t*>(from)));
  return count == hn::Lanes(d) ? whole : hn::IfThenElseZero(hn::FirstN(d, count), whole);
}

// The larger of the two, and NaN where x is: what a library's Max makes of that differs between processors.
HWY_INLINE Floats at_least(Floats x, Floats least) {
#if HWY_ARCH_X86
  return hn::Max(least, x);  // the second where either is NaN
#else
  return hn::IfThenElse(hn::Lt(x, least), least, x);
#endif
}

// The largest of a row's values, one at least, in every lane; of what is not a number it tells nothing.
HWY_INLINE Floats largest_of(const float* row, size_t size) {
  const FloatTag d;
  Floats largest = hn::Set(d, row[0]);
  for_each_vector(size, [&](size_t i, size_t count) {
    const Floats v = load(row + i, count);
    largest = hn::Max(largest, count == hn::Lanes(d) ? v : hn::IfThenElse(hn::FirstN(d, count), v, largest));
  });
  return hn::MaxOfLanes(d, largest);
}

// Writes the first `count` lanes and nothing else: what follows may be another thread's, and a blended store is a read
// and a write on some processors.
template <typename Tag>
HWY_INLINE void store_lanes(Tag d, hn::Vec<Tag> value, size_t count, hn::TFromD<Tag>* to) {
  if (hn::MaxLanes(d) == 1 || count == hn::Lanes(d)) return hn::StoreU(value, d, to);
  HWY_ALIGN hn::TFromD<Tag> lanes[hn::MaxLanes(d)];
  hn::Store(value, d, lanes);
  std::memcpy(to, lanes, std::min(count, hn::MaxLanes(d)) * sizeof(lanes[0]));
}

HWY_INLINE void store(Floats value, size_t count, float* to) { store_lanes(FloatTag(), value, count, to); }

HWY_INLINE void store(Floats value, size_t count, Half* to) {
  store_lanes(HalfTag(), hn::DemoteTo(HalfTag(), value), count, reinterpret_cast<hwy::float16_t*>(to));
}

// Calls body(p), p pointing to values of the type that they have.
template <typename Body>
HWY_INLINE void with_type(Reading from, Body&& body) {
  if (from.format == Format::kFloat16) return body(static_cast<const Half*>(from.data));
  body(static_cast<const float*>(from.data));
}

template <typename Body>
HWY_INLINE void with_type(Writing to, Body&& body) {
  if (to.format == Format::kFloat16) return body(static_cast<Half*>(to.data));
  body(static_cast<float*>(to.data));
}

// to[i] = from[i], between any two types.
HWY_INLINE void convert_values(Reading from, size_t size, Writing to) {
  with_type(from, [&](const auto* x) {
    with_type(to, [&](auto* y) {
      for_each_vector(size, [&](size_t i, size_t count) {
        prefetch(x + i);
        store(load(x + i, count), count, y + i);
      });
    });
  });
}

// x * sigmoid(slope * x). Highway's exponential wraps around above 88.7, where float32 ends; the quotient is long zero
// there.
HWY_INLINE Floats sigmoid_weighted(Floats x, Floats slope) {
  const FloatTag d;
  const Floats e = hn::Exp(d, hn::Min(hn::Neg(hn::Mul(slope, x)), hn::Set(d, 88.0f)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

HWY_INLINE Floats silu(Floats x) { return sigmoid_weighted(x, hn::Set(FloatTag(), 1.0f)); }

// Added to a float32 below 2^22, it leaves the nearest whole number (halves to even) in the low bits: three
// instructions less than a conversion that also minds what does not fit.
constexpr float kRounding = 0x1.8p23f;

constexpr float kLog2OfE = 1.44269504f;

// 2^t for |t| <= 126: t's fraction, at most a half, as `polynomial` has it, shifted by t's whole part.
template <typename Polynomial>
HWY_INLINE Floats exp2_by(Floats t, Polynomial&& polynomial) {
  const FloatTag d;
  const hn::RebindToSigned<FloatTag> whole_numbers;
  const Floats rounded = hn::Add(t, hn::Set(d, kRounding));
  const Floats fraction = hn::Sub(t, hn::Sub(rounded, hn::Set(d, kRounding)));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(whole_numbers, rounded));
  return hn::BitCast(d, hn::Add(hn::BitCast(whole_numbers, polynomial(fraction)), exponent));
}

// 8e-8 off at most. What is not a number stays none.
HWY_INLINE Floats exp2(Floats t) {
  return exp2_by(t, [](Floats f) {
    const FloatTag d;
    Floats p = hn::MulAdd(hn::Set(d, 0.001327647217f), f, hn::Set(d, 0.009675541331f));
    p = hn::MulAdd(p, f, hn::Set(d, 0.05550713273f));
    p = hn::MulAdd(p, f, hn::Set(d, 0.2402211972f));
    p = hn::MulAdd(p, f, hn::Set(d, 0.6931469671f));
    return hn::MulAdd(p, f, hn::Set(d, 1.0f));
  });
}

// 7e-5 off at most.
HWY_INLINE Floats approximate_exp2(Floats t) {
  return exp2_by(t, [](Floats f) {
    const FloatTag d;
    Floats p = hn::MulAdd(hn::Set(d, 0.05517134f), f, hn::Set(d, 0.24261117f));
    p = hn::MulAdd(p, f, hn::Set(d, 0.69326103f));
    return hn::MulAdd(p, f, hn::Set(d, 0.99992807f));
  });
}

// SiLU to some 4e-4 of its value, which 8 bits cannot tell from the exact one, nor 11 by much.
HWY_INLINE Floats approximate_silu(Floats x) {
  const FloatTag d;
  const Floats t = hn::Min(hn::Max(hn::Mul(x, hn::Set(d, -kLog2OfE)), hn::Set(d, -126.0f)), hn::Set(d, 126.0f));
  const Floats one_and_e = hn::Add(hn::Set(d, 1.0f), approximate_exp2(t));
  Floats r = hn::ApproximateReciprocal(one_and_e);
#if !HWY_ARCH_X86
  r = hn::Mul(r, hn::NegMulAdd(one_and_e, r, hn::Set(d, 2.0f)));  // 8 good bits become 16; on x86 they are 11 or 14
#endif
  return hn::Mul(x, r);
}

// As exact as what it is stored in.
HWY_INLINE Floats silu_for(Floats x, const float* /*to*/) { return silu(x); }
HWY_INLINE Floats silu_for(Floats x, const Half* /*to*/) { return approximate_silu(x); }

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
