// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The innermost loop of every float32 product here: a tile of some rows by some vectors of columns, whose sums stay in
// registers while the depth runs. Include behind HWY_TARGET_INCLUDE and hwy/foreach_target.h.
#if defined(MOBILEDIFFUSION_KERNELS_TILE_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOBILEDIFFUSION_KERNELS_TILE_H_
#undef MOBILEDIFFUSION_KERNELS_TILE_H_
#else
#define MOBILEDIFFUSION_KERNELS_TILE_H_
#endif

#include <cstddef>

#include "kernels/product/panels.h"
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Of a tile: with kWidestPanel vectors of each row, what fits in registers, of which these have 32 and others 16.
constexpr size_t kTallestTile = HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) ? 8 : 4;

template <size_t kRows, size_t kVectors>
using TileSums = Floats[kRows][kVectors];

// sums += a (kRows rows, depth) b (depth, kVectors vectors).
template <size_t kRows, size_t kVectors>
HWY_INLINE void add_product(const float* a, size_t a_stride, const float* b, size_t depth,
                            TileSums<kRows, kVectors>& sums) {
  const FloatTag tag;
  const size_t lanes = hn::Lanes(tag);
  for (size_t i = 0; i < depth; ++i) {
    Floats of_b[kVectors];
    for (size_t j = 0; j < kVectors; ++j) of_b[j] = hn::LoadU(tag, b + (i * kVectors + j) * lanes);
    for (size_t row = 0; row < kRows; ++row) {
      const Floats of_a = hn::Set(tag, a[row * a_stride + i]);
      for (size_t j = 0; j < kVectors; ++j) sums[row][j] = hn::MulAdd(of_a, of_b[j], sums[row][j]);
    }
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
