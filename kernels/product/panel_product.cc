// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/panel_product.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/product/panel_product.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/product/tile.h"
#include "kernels/simd/simd.h"

#ifndef MOBILEDIFFUSION_KERNELS_PANEL_PRODUCT_CC_
#define MOBILEDIFFUSION_KERNELS_PANEL_PRODUCT_CC_
namespace mobilediffusion::kernels {

// A panel this deep, of the widest vectors, is 72 KB with AVX-512 and 36 KB with AVX2.
constexpr size_t kDeepest = 384;

// What one thread computes at once: some rows of y and some columns.
struct Piece {
  const float* x;
  size_t x_stride, rows;
  const float *bias, *panels;
  size_t first_panel, last_panel;
  float* y;
  size_t y_stride;
};

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

size_t panel_lanes() { return hn::Lanes(FloatTag()); }

bool has_wide_vectors() { return HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2; }

void pack_panel(const Panels& panels, size_t panel, const float* matrix, float* to) {
  const Panels::Panel of = panels.panel(panel);
  const size_t first = of.first * panels.lanes, width = of.vectors * panels.lanes;
  const size_t columns = std::min(width, panels.columns - first);
  float* const begin = to + panels.offset(of);
  for (size_t i = 0; i < panels.depth; ++i) {
    for (size_t j = 0; j < columns; ++j) begin[i * width + j] = matrix[(first + j) * panels.depth + i];
    std::fill(begin + i * width + columns, begin + (i + 1) * width, 0.0f);
  }
}

// c = a b + what it begins with: the bias, or c itself where that is null. `columns` of the last vector count.
template <size_t kRows, size_t kVectors>
void multiply_tile(const float* a, size_t a_stride, const float* b, size_t depth, const float* bias, float* c,
                   size_t c_stride, size_t columns) {
  const FloatTag tag;
  const size_t lanes = hn::Lanes(tag);
  TileSums<kRows, kVectors> sums;
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t j = 0; j < kVectors; ++j) {
      const size_t count = j + 1 < kVectors ? lanes : columns;
      sums[row][j] = bias != nullptr ? hn::LoadU(tag, bias + j * lanes) : load(c + row * c_stride + j * lanes, count);
    }
  }
  add_product<kRows, kVectors>(a, a_stride, b, depth, sums);
  for (size_t row = 0; row < kRows; ++row) {
    for (size_t j = 0; j < kVectors; ++j)
      store(sums[row][j], j + 1 < kVectors ? lanes : columns, c + row * c_stride + j * lanes);
  }
}

using MultiplyTile = void (*)(const float*, size_t, const float*, size_t, const float*, float*, size_t, size_t);

// By rows and vectors, both counted from one.
template <size_t... kRows>
constexpr auto tiles(std::index_sequence<kRows...>) {
  return std::array<std::array<MultiplyTile, kWidestPanel>, sizeof...(kRows)>{
      {{multiply_tile<kRows + 1, 1>, multiply_tile<kRows + 1, 2>, multiply_tile<kRows + 1, 3>}...}};
}

void multiply_piece(const Panels& panels, const Piece& piece) {
  static_assert(kWidestPanel == 3);
  static constexpr auto kTiles = tiles(std::make_index_sequence<kTallestTile>());
  const size_t cuts = (panels.depth + kDeepest - 1) / kDeepest, step = (panels.depth + cuts - 1) / cuts;
  for (size_t begin = 0; begin < panels.depth; begin += step) {
    const size_t depth = std::min(step, panels.depth - begin);
    for (size_t i = piece.first_panel; i < piece.last_panel; ++i) {
      const Panels::Panel panel = panels.panel(i);
      const size_t first = panel.first * panels.lanes;
      const size_t of_last = std::min(panels.lanes, panels.columns - first - (panel.vectors - 1) * panels.lanes);
      const float* const b = piece.panels + panels.offset(panel) + begin * panel.vectors * panels.lanes;
      for (size_t row = 0; row < piece.rows; row += kTallestTile) {
        const size_t rows = std::min(kTallestTile, piece.rows - row);
        kTiles[rows - 1][panel.vectors - 1](piece.x + row * piece.x_stride + begin, piece.x_stride, b, depth,
                                            begin == 0 ? piece.bias + first : nullptr,
                                            piece.y + row * piece.y_stride + first, piece.y_stride, of_last);
      }
    }
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(panel_lanes);
HWY_EXPORT(has_wide_vectors);
HWY_EXPORT(pack_panel);
HWY_EXPORT(multiply_piece);

// Rows of x that stay in a core's second cache, 144 KB of them, and as many columns of y beside them.
constexpr int64_t kRowsAtOnce = 96, kPanelsAtOnce = 6;
constexpr int64_t kTileRows = 8;       // a multiple of every tile's height
constexpr int64_t kPiecesAThread = 4;  // at least, so that a thread that is held up leaves some to the others

int64_t divide_up(int64_t size, int64_t by) { return (size + by - 1) / by; }

}  // namespace

bool PanelProduct::suits_processor() { return HWY_DYNAMIC_DISPATCH(has_wide_vectors)(); }

PanelProduct::PanelProduct(std::string_view name, const Matrices& matrices, std::span<const float> weight,
                           std::span<const float> bias, const Packing& packing, Status& status)
    : matrices_(matrices),
      panels_{static_cast<size_t>(matrices.in), static_cast<size_t>(matrices.out),
              HWY_DYNAMIC_DISPATCH(panel_lanes)()} {
  if (!status.ok()) return;
  if (packing.store == nullptr) own_ = std::make_unique<PackedWeights>();
  PackedWeights& store = own_ != nullptr ? *own_ : *packing.store;
  const auto size = static_cast<size_t>(matrices.count * each_bytes());
  const std::span<const std::byte> kept =
      store.keep(name, static_cast<uint32_t>(panels_.lanes), size, [&](std::span<std::byte> memory) {
        auto* to = reinterpret_cast<float*>(memory.data());
        for (size_t i = 0; i < static_cast<size_t>(matrices.count); ++i, to += each()) {
          std::fill_n(to, panels_.padded_columns(), 0.0f);
          if (!bias.empty()) std::copy_n(bias.data() + i * panels_.columns, panels_.columns, to);
          for (size_t panel = 0; panel < panels_.count(); ++panel) {
            HWY_DYNAMIC_DISPATCH(pack_panel)
            (panels_, panel, weight.data() + i * panels_.columns * panels_.depth, to + panels_.padded_columns());
          }
        }
      });
  packed_ = reinterpret_cast<const float*>(kept.data());
  if (packed_ == nullptr && !store.mismatched()) {
    status = Status(StatusCode::kOutOfMemory, "out of memory: packing " + std::string(name));
  }
}

void PanelProduct::run(Context& context, int64_t rows, const float* x, int64_t x_stride, float* y,
                       int64_t y_stride) const {
  // Blocks as high as each other, of whole tiles.
  const int64_t rows_at_once = divide_up(divide_up(rows, divide_up(rows, kRowsAtOnce)), kTileRows) * kTileRows;
  const int64_t row_blocks = divide_up(rows, rows_at_once);
  const auto panels = static_cast<int64_t>(panels_.count());
  const int64_t wanted = kPiecesAThread * context.threads().threads();
  const int64_t panels_at_once =
      std::clamp<int64_t>(panels * row_blocks * matrices_.count / wanted, 1, std::min(kPanelsAtOnce, panels));
  const int64_t column_blocks = divide_up(panels, panels_at_once);
  context.threads().parallel_for(matrices_.count * column_blocks * row_blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end && !context.is_cancelled(); ++i) {
      const int64_t row = i % row_blocks * rows_at_once, panel = i / row_blocks % column_blocks * panels_at_once;
      const int64_t matrix = i / row_blocks / column_blocks;
      const float* const packed = packed_ + matrix * each();
      HWY_DYNAMIC_DISPATCH(multiply_piece)
      (panels_, {.x = x + matrix * matrices_.in + row * x_stride,
                 .x_stride = static_cast<size_t>(x_stride),
                 .rows = static_cast<size_t>(std::min(rows_at_once, rows - row)),
                 .bias = packed,
                 .panels = packed + panels_.padded_columns(),
                 .first_panel = static_cast<size_t>(panel),
                 .last_panel = static_cast<size_t>(std::min(panel + panels_at_once, panels)),
                 .y = y + matrix * matrices_.out + row * y_stride,
                 .y_stride = static_cast<size_t>(y_stride)});
    }
  });
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
