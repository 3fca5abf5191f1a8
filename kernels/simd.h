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

#include <cstddef>
#include <cstring>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;

// Calls body(i, count) for every vector of [0, size): count is the vector's length but for the last.
template <typename Body>
HWY_INLINE void for_each_vector(size_t size, Body&& body) {
  const size_t lanes = hn::Lanes(FloatTag());
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) body(i, lanes);
  if (i < size) body(i, size - i);
}

HWY_INLINE Floats load(const float* from, size_t count) {
  const FloatTag d;
  if (count == hn::Lanes(d)) return hn::LoadU(d, from);
  return hn::MaskedLoad(hn::FirstN(d, count), d, from);
}

// Writes the first `count` lanes and nothing else: what follows may be another thread's, and a blended store is a read
// and a write on some processors.
template <typename Tag>
HWY_INLINE void store_lanes(Tag d, hn::Vec<Tag> value, size_t count, hn::TFromD<Tag>* to) {
  if (hn::MaxLanes(d) == 1 || count == hn::Lanes(d)) return hn::StoreU(value, d, to);
  HWY_ALIGN hn::TFromD<Tag> lanes[hn::MaxLanes(d)];
  hn::Store(value, d, lanes);
  std::memcpy(to, lanes, count * sizeof(lanes[0]));
}

HWY_INLINE void store(Floats value, size_t count, float* to) { store_lanes(FloatTag(), value, count, to); }

// x * sigmoid(slope * x). Highway's exponential wraps around above 88.7, where float32 ends; the quotient is long zero
// there.
HWY_INLINE Floats sigmoid_weighted(Floats x, Floats slope) {
  const FloatTag d;
  const Floats e = hn::Exp(d, hn::Min(hn::Neg(hn::Mul(slope, x)), hn::Set(d, 88.0f)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0f), e));
}

HWY_INLINE Floats silu(Floats x) { return sigmoid_weighted(x, hn::Set(FloatTag(), 1.0f)); }

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
