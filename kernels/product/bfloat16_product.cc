// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/bfloat16_product.h"

#include <algorithm>
#include <array>

#include "kernels/product/pieces.h"
#include "kernels/runtime/data_type.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product/bfloat16_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

#ifndef MOBILEDIFFUSION_KERNELS_BFLOAT16_PRODUCT_CC_
#define MOBILEDIFFUSION_KERNELS_BFLOAT16_PRODUCT_CC_
namespace mobilediffusion::kernels {

// A tile's sums, and what is added to them.
struct TileOfProducts {
  const float* sums;  // (rows, width)
  size_t rows, width;
  const int64_t* y;
  const float* bias;  // of columns, as many as count
  size_t columns;
};

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

void add_bias(const TileOfProducts& tile, Writing to) {
  const FloatTag tag;
  with_type(to, [&](auto* y) {
    for (size_t row = 0; row < tile.rows; ++row) {
      const float* const sums = tile.sums + row * tile.width;
      for_each_vector(tile.columns, [&](size_t i, size_t count) {
        store(hn::Add(hn::LoadU(tag, sums + i), hn::LoadU(tag, tile.bias + i)), count, y + tile.y[row] + i);
      });
    }
  });
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(add_bias);

// Panels of columns that are written beside one another.
constexpr int64_t kPanelsAtOnce = 6;

// Of x, that a thread rounds at once: 64 KB.
constexpr int64_t kValuesAtOnce = 32768;

// Tells layouts apart from those of other products.
constexpr uint32_t kLayout = 0x200;

}  // namespace

RoundedPixels::RoundedPixels(Context& context, const Tensor& x)
    : pixels_(x.shape().rows()),
      c_(x.shape().c),
      memory_(context.make({1, 1, 1, x.shape().elements() + c_ + static_cast<int64_t>(kTileDepth)}, Format::kFloat16)) {
  static_assert(sizeof(Bfloat16) == sizeof(Half));
  if (!context.computes()) return;
  auto* const values = static_cast<Bfloat16*>(memory_.memory());
  const int64_t count = x.shape().elements();
  context.threads().parallel_for(count, kValuesAtOnce, [&](int64_t first, int64_t last) {
    round_to_bfloat16(x.at(first), static_cast<size_t>(last - first), values + first);
  });
  std::fill_n(values + count, c_ + static_cast<int64_t>(kTileDepth), Bfloat16{});
}

bool Bfloat16Product::suits(const TapMatrix& matrix) {
  // Below half a tile of columns most of what is multiplied is zeros.
  return matrix.taps <= static_cast<int64_t>(kMostTaps) && matrix.out >= static_cast<int64_t>(kTileColumns / 2);
}

void Bfloat16Product::pack(std::span<const float> weight, std::span<const float> bias, std::byte* to) const {
  const auto in = static_cast<size_t>(matrix_.in), out = static_cast<size_t>(matrix_.out);
  const auto taps = static_cast<size_t>(matrix_.taps);
  auto* const offsets = reinterpret_cast<float*>(to);
  std::fill_n(offsets, column_tiles() * kTileColumns, 0.0f);
  std::ranges::copy(bias, offsets);
  auto* next = reinterpret_cast<Bfloat16*>(to + panels_at());
  for (size_t first = 0; first < column_tiles(); first += 2) {
    const size_t last = std::min(first + 2, column_tiles());
    for (size_t tap = 0; tap < taps; ++tap) {
      for (size_t step = 0; step < steps(); ++step) {
        for (size_t tile = first; tile < last; ++tile) {
          for (size_t i = 0; i < kTileSize; ++i) {
            // Pairs of a column's values beside each other, columns behind these.
            const size_t k = step * kTileDepth + i / (2 * kTileColumns) * 2 + i % 2;
            const size_t column = tile * kTileColumns + i / 2 % kTileColumns;
            const float value = k < in && column < out ? weight[(column * taps + tap) * in + k] : 0.0f;
            *next++ = {bfloat16_from_float(value)};
          }
        }
      }
    }
  }
}

Bfloat16Product::Bfloat16Product(std::string_view name, const TapMatrix& matrix, std::span<const float> weight,
                                 std::span<const float> bias, const Packing& packing, Status& status)
    : matrix_(matrix) {
  if (!status.ok()) return;
  packed_ = KeptWeights(
      name, packing, kLayout, panels_at() + column_tiles() * tile_depth() * sizeof(Bfloat16),
      [&](std::span<std::byte> memory) { pack(weight, bias, memory.data()); }, status);
}

void Bfloat16Product::run(Context& context, int64_t rows, const Locate& locate, Writing y) const {
  const auto* const bias = reinterpret_cast<const float*>(packed_.data());
  const auto* const panels = reinterpret_cast<const Bfloat16*>(packed_.data() + panels_at());
  const size_t tiles = column_tiles(), taps = static_cast<size_t>(matrix_.taps);
  const Pieces pieces({.rows = rows, .panels = static_cast<int64_t>((tiles + 1) / 2)},
                      {.rows = kRowsAtOnce, .panels = kPanelsAtOnce}, context.threads().threads());
  pieces.for_each(context, [&](int64_t /*thread*/, const Piece& piece) {
    const auto piece_rows = static_cast<size_t>(piece.rows);
    Rows found;
    locate(piece.row, piece.rows, found);
    std::array<TileTap, kMostTaps * kRowsAtOnce / kTileRows> x;  // of a tile all taps, then the next's
    for (size_t row = 0; row < piece_rows; row += kTileRows) {
      for (size_t i = 0; i < taps; ++i)
        x[row / kTileRows * taps + i] = {found.x + i * kRowsAtOnce + row, std::min(kTileRows, piece_rows - row)};
    }
    alignas(64) std::array<float, 4 * kTileRows * kTileColumns> sums;
    const BorrowedTiles borrowed;
    for (int64_t i = piece.panel; i < piece.panel + piece.panels; ++i) {
      const size_t tile = 2 * static_cast<size_t>(i), width = (tile + 1 < tiles ? 2 : 1) * kTileColumns;
      const size_t first = tile * kTileColumns;
      const auto multiply = width == kTileColumns ? multiply_by_tile : multiply_by_two_tiles;
      for (size_t row = 0; row < piece_rows; row += 2 * kTileRows) {
        const TileTap* const upper = x.data() + row / kTileRows * taps;
        const bool both = row + kTileRows < piece_rows;
        multiply({.upper = upper, .lower = both ? upper + taps : nullptr, .taps = taps, .steps = steps()},
                 panels + tile * tile_depth(), sums.data());
        HWY_DYNAMIC_DISPATCH(add_bias)
        ({.sums = sums.data(),
          .rows = std::min(2 * kTileRows, piece_rows - row),
          .width = width,
          .y = found.y + row,
          .bias = bias + first,
          .columns = std::min(width, static_cast<size_t>(matrix_.out) - first)},
         y + static_cast<int64_t>(first));
      }
    }
  });
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
