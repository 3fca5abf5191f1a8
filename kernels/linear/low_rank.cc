// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/low_rank.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear/low_rank.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// One vector of columns of one row, or four side by side, which stay in registers over the whole rank.
HWY_INLINE void add_columns(const float* up, const float* down, size_t rank, size_t columns, size_t count, float* row) {
  Floats sum = load(row, count);
  for (size_t r = 0; r < rank; ++r) sum = hn::MulAdd(hn::Set(FloatTag(), up[r]), load(down + r * columns, count), sum);
  store(sum, count, row);
}

HWY_INLINE void add_four_vectors(const float* up, const float* down, size_t rank, size_t columns, float* row) {
  const FloatTag d;
  const size_t lanes = hn::Lanes(d);
  Floats a = hn::LoadU(d, row), b = hn::LoadU(d, row + lanes), c = hn::LoadU(d, row + 2 * lanes),
         e = hn::LoadU(d, row + 3 * lanes);
  for (size_t r = 0; r < rank; ++r) {
    const Floats factor = hn::Set(d, up[r]);
    const float* const from = down + r * columns;
    a = hn::MulAdd(factor, hn::LoadU(d, from), a);
    b = hn::MulAdd(factor, hn::LoadU(d, from + lanes), b);
    c = hn::MulAdd(factor, hn::LoadU(d, from + 2 * lanes), c);
    e = hn::MulAdd(factor, hn::LoadU(d, from + 3 * lanes), e);
  }
  hn::StoreU(a, d, row);
  hn::StoreU(b, d, row + lanes);
  hn::StoreU(c, d, row + 2 * lanes);
  hn::StoreU(e, d, row + 3 * lanes);
}

// Columns outside, rows inside: what is read of `down` stays in the nearest cache meanwhile.
void add_product(const float* up, const float* down, size_t rows, size_t rank, size_t columns, float* weight) {
  const size_t lanes = hn::Lanes(FloatTag());
  size_t at = 0;
  for (; at + 4 * lanes <= columns; at += 4 * lanes) {
    for (size_t i = 0; i < rows; ++i)
      add_four_vectors(up + i * rank, down + at, rank, columns, weight + i * columns + at);
  }
  for (; at < columns; at += lanes) {
    const size_t count = std::min(lanes, columns - at);
    for (size_t i = 0; i < rows; ++i)
      add_columns(up + i * rank, down + at, rank, columns, count, weight + i * columns + at);
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(add_product);

}  // namespace

void add_low_rank(std::span<const float> up, std::span<const float> down, int64_t rank, float scale,
                  std::vector<float>& weight) {
  std::vector<float> scaled(up.begin(), up.end());
  for (float& value : scaled) value *= scale;
  const auto width = static_cast<size_t>(rank);
  HWY_DYNAMIC_DISPATCH(add_product)
  (scaled.data(), down.data(), up.size() / width, width, down.size() / width, weight.data());
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
