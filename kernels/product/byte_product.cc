// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/byte_product.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "kernels/product/pieces.h"
#include "kernels/runtime/processor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product/byte_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

#ifndef MOBILEDIFFUSION_KERNELS_BYTE_PRODUCT_CC_
#define MOBILEDIFFUSION_KERNELS_BYTE_PRODUCT_CC_
namespace mobilediffusion::kernels {

// A tile's sums, and what they stand for.
struct TileOfSums {
  const int32_t* sums;  // (rows, width)
  size_t rows, width;
  const int32_t* row_sums;
  const Quantization* quantization;
  const int64_t* y;
  // Of columns, as many as count.
  const float *bias, *scales;
  const int32_t* weight_sums;
  size_t columns;
};

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Sums of x (w + kWeightOffset) to those of (x - zero point) w, and these to what they stand for.
void dequantize(const TileOfSums& tile, Writing to) {
  const FloatTag tag;
  const hn::RebindToSigned<FloatTag> of_sums;
  with_type(to, [&](auto* y) {
    for (size_t row = 0; row < tile.rows; ++row) {
      const auto offset = hn::Set(of_sums, kWeightOffset * tile.row_sums[row]);
      const auto zero_point = hn::Set(of_sums, tile.quantization[row].zero_point);
      const Floats scale = hn::Set(tag, tile.quantization[row].scale);
      const int32_t* const sums = tile.sums + row * tile.width;
      for_each_vector(tile.columns, [&](size_t i, size_t count) {
        const auto corrected = hn::Sub(hn::Sub(hn::LoadU(of_sums, sums + i), offset),
                                       hn::Mul(zero_point, hn::LoadU(of_sums, tile.weight_sums + i)));
        const Floats product = hn::Mul(hn::Mul(hn::ConvertTo(tag, corrected), scale), hn::LoadU(tag, tile.scales + i));
        store(hn::Add(product, hn::LoadU(tag, tile.bias + i)), count, y + tile.y[row] + i);
      });
    }
  });
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(dequantize);

// Columns of y that are written beside one another.
constexpr int64_t kPanelsAtOnce = 6;

// Of x, that a thread takes the sums of at once: 16 KB.
constexpr int64_t kValuesAtOnce = 16384;

// A tile's sums, and a vector behind them that is read and not used.
constexpr size_t kMostSums = 8 * kWidestPanel * 16 + 16;

// Tells layouts apart from those of other products.
constexpr uint32_t kLayout = 0x100;

}  // namespace

bool ByteProduct::suits_processor() {
  static const bool suits = !byte_tiles().empty() && !has_instructions("AMX");
  return suits;
}

bool ByteProduct::suits(const TapMatrix& matrix) {
  constexpr int64_t kDeepest = std::numeric_limits<int32_t>::max() / (255 * 128);
  return matrix.in % static_cast<int64_t>(kByteGroup) == 0 && matrix.taps <= static_cast<int64_t>(kMostTaps) &&
         matrix.depth() <= kDeepest;
}

void ByteProduct::pack(const QuantizedWeight& weight, std::span<const float> bias, std::byte* to) const {
  const size_t padded = panels_.padded_columns(), depth = panels_.depth;
  auto* const floats = reinterpret_cast<float*>(to);
  std::fill_n(floats, padded * 3, 0.0f);
  std::ranges::copy(bias, floats);
  std::ranges::copy(weight.scales, floats + padded);
  auto* const sums = reinterpret_cast<int32_t*>(floats + padded * 2);
  for (size_t column = 0; column < panels_.columns; ++column) {
    const int8_t* const values = weight.values.data() + column * depth;
    sums[column] = std::accumulate(values, values + depth, int32_t{0});
  }
  auto* next = reinterpret_cast<uint8_t*>(to + panels_at());
  for (size_t i = 0; i < panels_.count(); ++i) {
    const Panels::Panel panel = panels_.panel(i);
    const size_t first = panel.first * panels_.lanes, width = panel.vectors * panels_.lanes;
    for (size_t group = 0; group < depth; group += kByteGroup) {
      for (size_t column = first; column < first + width; ++column) {
        for (size_t k = group; k < group + kByteGroup; ++k) {
          const int value = column < panels_.columns ? weight.values[column * depth + k] : 0;
          *next++ = static_cast<uint8_t>(value + kWeightOffset);
        }
      }
    }
  }
}

ByteProduct::ByteProduct(std::string_view name, const TapMatrix& matrix, const QuantizedWeight& weight,
                         std::span<const float> bias, const Packing& packing, Status& status, const ByteTiles& tiles)
    : matrix_(matrix),
      tiles_(&tiles),
      panels_{static_cast<size_t>(matrix.depth()), static_cast<size_t>(matrix.out), tiles.lanes} {
  if (!status.ok()) return;
  packed_ = KeptWeights(
      name, packing, kLayout + static_cast<uint32_t>(panels_.lanes), panels_at() + panels_.size(),
      [&](std::span<std::byte> memory) { pack(weight, bias, memory.data()); }, status);
}

Tensor ByteProduct::sums_of_pixels(Context& context, const Tensor& x) const {
  static_assert(sizeof(int32_t) == sizeof(float));
  const Shape& shape = x.shape();
  Tensor to = context.make({shape.n, shape.h, shape.w, 1});
  if (!context.ok()) return to;
  context.threads().parallel_for(shape.rows(), std::max<int64_t>(1, kValuesAtOnce / shape.c),
                                 [&](int64_t first, int64_t last) {
                                   for (int64_t i = first; i < last; ++i)
                                     static_cast<int32_t*>(to.memory())[i] =
                                         tiles_->sum(x.quantized() + i * shape.c, static_cast<size_t>(shape.c));
                                 });
  return to;
}

void ByteProduct::run(Context& context, int64_t rows, const Locate& locate, Writing y) const {
  const auto taps = static_cast<size_t>(matrix_.taps), depth = static_cast<size_t>(matrix_.in);
  const size_t padded = panels_.padded_columns();
  const auto* const bias = reinterpret_cast<const float*>(packed_.data());
  const float* const scales = bias + padded;
  const auto* const weight_sums = reinterpret_cast<const int32_t*>(scales + padded);
  const auto* const packed_panels = reinterpret_cast<const uint8_t*>(packed_.data() + panels_at());
  const Pieces pieces({.rows = rows, .panels = static_cast<int64_t>(panels_.count())},
                      {.rows = kByteRows, .panels = kPanelsAtOnce}, context.threads().threads());
  pieces.for_each(context, [&](int64_t /*thread*/, const Piece& piece) {
    const auto piece_rows = static_cast<size_t>(piece.rows);
    ByteRows found;
    locate(piece.row, piece.rows, found);
    alignas(64) std::array<int32_t, kMostSums> sums;
    for (int64_t i = piece.panel; i < piece.panel + piece.panels; ++i) {
      const Panels::Panel panel = panels_.panel(static_cast<size_t>(i));
      const size_t first = panel.first * panels_.lanes, width = panel.vectors * panels_.lanes;
      for (size_t row = 0; row < piece_rows; row += tiles_->tallest) {
        const size_t height = std::min(tiles_->tallest, piece_rows - row);
        tiles_->multiply[(height - 1) * kWidestPanel + panel.vectors - 1](
            found.x + row, taps, depth, packed_panels + panels_.offset(panel), sums.data());
        HWY_DYNAMIC_DISPATCH(dequantize)
        ({.sums = sums.data(),
          .rows = height,
          .width = width,
          .row_sums = found.sums + row,
          .quantization = found.quantization + row,
          .y = found.y + row,
          .bias = bias + first,
          .scales = scales + first,
          .weight_sums = weight_sums + first,
          .columns = std::min(width, panels_.columns - first)},
         y + static_cast<int64_t>(first));
      }
    }
  });
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
