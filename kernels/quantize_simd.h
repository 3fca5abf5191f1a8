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

#include "kernels/context.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// round(x / scale) + zero_point, within -128 to 127.
class Quantizer {
 public:
  HWY_INLINE explicit Quantizer(Quantization quantization)
      : inverse_(hn::Set(FloatTag(), 1.0f / quantization.scale)),
        offset_(hn::Set(hn::RebindToSigned<FloatTag>(), quantization.zero_point)) {}

  HWY_INLINE void store(Floats x, size_t count, int8_t* to) const {
    const hn::Rebind<int8_t, FloatTag> bytes;
    const auto whole = hn::Add(hn::NearestInt(hn::Mul(x, inverse_)), offset_);
    const auto narrow = hn::DemoteTo(bytes, whole);  // saturates
    if (count == hn::Lanes(bytes)) return hn::StoreU(narrow, bytes, to);
    hn::BlendedStore(narrow, hn::FirstN(bytes, count), bytes, to);
  }

 private:
  Floats inverse_;
  hn::Vec<hn::RebindToSigned<FloatTag>> offset_;
};

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
