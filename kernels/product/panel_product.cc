// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/panel_product.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "kernels/packing/quantized_weight.h"
#include "kernels/product/pieces.h"
#include "kernels/runtime/data_type.h"
#include "kernels/runtime/processor.h"

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

// Rows of x that stay in a core's second cache, 144 KB of them, and as many columns of y beside them.
constexpr size_t kRowsAtOnce = 96, kPanelsAtOnce = 6;

// One matrix, packed.
struct PackedMatrix {
  Precision precision;
  const float *bias, *scales;  // of columns; float32 has no scales
  const std::byte* panels;
};

// What one thread computes at once: some rows of y and some columns.
struct Part {
  Reading x;
  size_t x_stride, rows;
  PackedMatrix matrix;
  size_t first_panel, last_panel;
  Writing y;
  size_t y_stride;
};

// What a thread works in, in float32: a part of a panel, rows of x as deep as that, and rows of y.
struct Workspace {
  bool widens_panels, widens_x, narrows_y;
  size_t lanes, columns;  // of y that a part has at most

  size_t panel_size() const { return widens_panels ? kDeepest * kWidestPanel * lanes : 0; }
  size_t x_size() const { return widens_x ? kRowsAtOnce * kDeepest : 0; }
  size_t y_size() const { return narrows_y ? kRowsAtOnce * columns : 0; }
  size_t size() const { return panel_size() + x_size() + y_size(); }
};

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

size_t panel_lanes() { return hn::Lanes(FloatTag()); }

bool has_wide_vectors() { return HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2; }

template <typename T>
void pack_panels(const Panels& panels, const T* matrix, T* to) {
  for (size_t panel = 0; panel < panels.count(); ++panel) {
    const Panels::Panel of = panels.panel(panel);
    const size_t first = of.first * panels.lanes, width = of.vectors * panels.lanes;
    const size_t columns = std::min(width, panels.columns - first);
    T* const begin = to + panels.offset(of);
    for (size_t i = 0; i < panels.depth; ++i) {
      for (size_t j = 0; j < columns; ++j) begin[i * width + j] = matrix[(first + j) * panels.depth + i];
      std::fill(begin + i * width + columns, begin + (i + 1) * width, T{});
    }
  }
}

HWY_INLINE Floats load_whole(const Half* from) { return load(from, hn::Lanes(FloatTag())); }

HWY_INLINE Floats load_whole(const int8_t* from) {
  const FloatTag tag;
  const hn::RebindToSigned<FloatTag> of_sums;
  return hn::ConvertTo(tag, hn::PromoteTo(of_sums, hn::LoadU(hn::Rebind<int8_t, FloatTag>(), from)));
}

// `depth` rows of so many vectors, each column times its scale.
template <typename T>
void widen(const T* from, size_t depth, size_t vectors, const float* scales, float* to) {
  const FloatTag tag;
  const size_t lanes = hn::Lanes(tag);
  for (size_t j = 0; j < vectors; ++j) {
    const Floats scale = hn::LoadU(tag, scales + j * lanes);
    for (size_t i = 0; i < depth; ++i) {
      const size_t at = (i * vectors + j) * lanes;
      hn::StoreU(hn::Mul(load_whole(from + at), scale), tag, to + at);
    }
  }
}

// A panel's rows from `begin` on, in float32: where they lie, or widened into `scratch`.
const float* panel_part(const PackedMatrix& matrix, const Panels& panels, const Panels::Panel& panel, size_t begin,
                        size_t depth, float* scratch) {
  const size_t at = panels.offset(panel) + begin * panel.vectors * panels.lanes;
  const float* const scales = matrix.scales + panel.first * panels.lanes;
  switch (matrix.precision) {
    case Precision::kFloat32:
      return reinterpret_cast<const float*>(matrix.panels) + at;
    case Precision::kFloat16:
      widen(reinterpret_cast<const Half*>(matrix.panels) + at, depth, panel.vectors, scales, scratch);
      return scratch;
    case Precision::kInt8:
      widen(reinterpret_cast<const int8_t*>(matrix.panels) + at, depth, panel.vectors, scales, scratch);
      return scratch;
  }
  return nullptr;
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

void pack_floats(const Panels& panels, const float* matrix, float* to) { pack_panels(panels, matrix, to); }
void pack_halves(const Panels& panels, const Half* matrix, Half* to) { pack_panels(panels, matrix, to); }
void pack_bytes(const Panels& panels, const int8_t* matrix, int8_t* to) { pack_panels(panels, matrix, to); }

void multiply_part(const Panels& panels, const Part& part, const Workspace& workspace, float* scratch) {
  static_assert(kWidestPanel == 3);
  static constexpr auto kTiles = tiles(std::make_index_sequence<kTallestTile>());
  float *const wide_panel = scratch, *const wide_x = wide_panel + workspace.panel_size();
  float* const wide_y = wide_x + workspace.x_size();
  // y's first column, and how many of them.
  const size_t left = panels.panel(part.first_panel).first * panels.lanes;
  const Panels::Panel last = panels.panel(part.last_panel - 1);
  const size_t width = std::min(panels.columns, (last.first + last.vectors) * panels.lanes) - left;

  // Both sides in float32.
  const size_t x_stride = workspace.widens_x ? kDeepest : part.x_stride;
  const size_t y_stride = workspace.narrows_y ? workspace.columns : part.y_stride;
  float* const y = workspace.narrows_y ? wide_y : static_cast<float*>(part.y.data) + left;

  const size_t cuts = (panels.depth + kDeepest - 1) / kDeepest, step = (panels.depth + cuts - 1) / cuts;
  for (size_t begin = 0; begin < panels.depth; begin += step) {
    const size_t depth = std::min(step, panels.depth - begin);
    if (workspace.widens_x) {
      for (size_t row = 0; row < part.rows; ++row) {
        convert_values(part.x + static_cast<int64_t>(row * part.x_stride + begin), depth,
                       {wide_x + row * kDeepest, Format::kFloat32});
      }
    }
    const float* const x = workspace.widens_x ? wide_x : static_cast<const float*>(part.x.data) + begin;
    for (size_t i = part.first_panel; i < part.last_panel; ++i) {
      const Panels::Panel panel = panels.panel(i);
      const size_t first = panel.first * panels.lanes;
      const size_t of_last = std::min(panels.lanes, panels.columns - first - (panel.vectors - 1) * panels.lanes);
      const float* const b = panel_part(part.matrix, panels, panel, begin, depth, wide_panel);
      for (size_t row = 0; row < part.rows; row += kTallestTile) {
        const size_t rows = std::min(kTallestTile, part.rows - row);
        kTiles[rows - 1][panel.vectors - 1](x + row * x_stride, x_stride, b, depth,
                                            begin == 0 ? part.matrix.bias + first : nullptr,
                                            y + row * y_stride + first - left, y_stride, of_last);
      }
    }
  }
  if (!workspace.narrows_y) return;
  for (size_t row = 0; row < part.rows; ++row) {
    convert_values({wide_y + row * workspace.columns, Format::kFloat32}, width,
                   part.y + static_cast<int64_t>(row * part.y_stride + left));
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(panel_lanes);
HWY_EXPORT(has_wide_vectors);
HWY_EXPORT(pack_floats);
HWY_EXPORT(pack_halves);
HWY_EXPORT(pack_bytes);
HWY_EXPORT(multiply_part);

// Columns of so many weights, each with a power of two for its scale that leaves half precision all its digits.
std::vector<Half> scaled_halves(std::span<const float> weight, size_t depth, float* scales) {
  constexpr int kLargest = 10;  // of the exponents that are left
  std::vector<Half> halves(weight.size());
  for (size_t begin = 0; begin < weight.size(); begin += depth, ++scales) {
    float largest = 0;
    for (const float value : weight.subspan(begin, depth)) largest = std::max(largest, std::abs(value));
    const int exponent = largest > 0 ? std::ilogb(largest) - kLargest : 0;
    *scales = std::ldexp(1.0f, exponent);
    for (size_t i = begin; i < begin + depth; ++i)
      halves[i].bits = float16_from_float(std::ldexp(weight[i], -exponent));
  }
  return halves;
}

size_t value_size(Precision precision) { return size_of(format_of(precision, Format::kInt8PerRow)); }

}  // namespace

bool PanelProduct::suits_processor(Precision precision) {
  if (!HWY_DYNAMIC_DISPATCH(has_wide_vectors)()) return false;
  switch (precision) {
    case Precision::kFloat32:
      return true;
    case Precision::kFloat16:
      return !multiplies_halves();
    case Precision::kInt8:
      return !multiplies_bytes();
  }
  return false;
}

size_t PanelProduct::panels_at() const {
  return panels_.padded_columns() * sizeof(float) * (precision_ == Precision::kFloat32 ? 1 : 2);
}

size_t PanelProduct::panels_end() const { return panels_at() + panels_.size() * value_size(precision_); }

int64_t PanelProduct::each_bytes() const {
  constexpr size_t kAlignment = PackedWeights::kAlignment;
  return static_cast<int64_t>((panels_end() + kAlignment - 1) / kAlignment * kAlignment);
}

void PanelProduct::pack(std::span<const float> weight, std::span<const float> bias, std::byte* to) const {
  auto* const floats = reinterpret_cast<float*>(to);
  std::fill_n(floats, panels_at() / sizeof(float), 0.0f);
  std::ranges::copy(bias, floats);
  float* const scales = floats + panels_.padded_columns();
  std::byte* const panels = to + panels_at();
  std::fill(to + panels_end(), to + each_bytes(), std::byte{});
  switch (precision_) {
    case Precision::kFloat32:
      return HWY_DYNAMIC_DISPATCH(pack_floats)(panels_, weight.data(), reinterpret_cast<float*>(panels));
    case Precision::kFloat16: {
      const std::vector<Half> halves = scaled_halves(weight, panels_.depth, scales);
      return HWY_DYNAMIC_DISPATCH(pack_halves)(panels_, halves.data(), reinterpret_cast<Half*>(panels));
    }
    case Precision::kInt8: {
      const QuantizedWeight quantized = quantize_weight({weight.begin(), weight.end()}, matrices_.out);
      std::ranges::copy(quantized.scales, scales);
      return HWY_DYNAMIC_DISPATCH(pack_bytes)(panels_, quantized.values.data(), reinterpret_cast<int8_t*>(panels));
    }
  }
}

PanelProduct::PanelProduct(std::string_view name, const Matrices& matrices, std::span<const float> weight,
                           std::span<const float> bias, const Packing& packing, Status& status)
    : matrices_(matrices),
      precision_(packing.precision),
      panels_{static_cast<size_t>(matrices.in), static_cast<size_t>(matrices.out),
              HWY_DYNAMIC_DISPATCH(panel_lanes)()} {
  if (!status.ok()) return;
  const auto size = static_cast<size_t>(matrices.count * each_bytes());
  packed_ = KeptWeights(
      name, packing, static_cast<uint32_t>(panels_.lanes), size,
      [&](std::span<std::byte> memory) {
        const auto out = static_cast<size_t>(matrices_.out), of_one = out * static_cast<size_t>(matrices_.in);
        for (size_t i = 0; i < static_cast<size_t>(matrices.count); ++i) {
          pack(weight.subspan(i * of_one, of_one), bias.empty() ? bias : bias.subspan(i * out, out),
               memory.data() + i * static_cast<size_t>(each_bytes()));
        }
      },
      status);
}

void PanelProduct::run(Context& context, int64_t rows, Reading x, int64_t x_stride, Writing y, int64_t y_stride) const {
  const int64_t threads = context.threads().threads();
  const Pieces pieces({.matrices = matrices_.count, .rows = rows, .panels = static_cast<int64_t>(panels_.count())},
                      {.rows = kRowsAtOnce, .panels = kPanelsAtOnce}, threads);
  const Workspace workspace{.widens_panels = precision_ != Precision::kFloat32,
                            .widens_x = x.format == Format::kFloat16,
                            .narrows_y = y.format == Format::kFloat16,
                            .lanes = panels_.lanes,
                            .columns = static_cast<size_t>(pieces.panels_at_once()) * kWidestPanel * panels_.lanes};
  const auto workspace_size = static_cast<int64_t>(workspace.size());
  Tensor scratch;
  if (workspace_size > 0) scratch = context.make({threads, 1, 1, workspace_size});
  if (!context.ok()) return;

  pieces.for_each(context, [&](int64_t thread, const Piece& piece) {
    const std::byte* const packed = packed_.data() + piece.matrix * each_bytes();
    const auto* const bias = reinterpret_cast<const float*>(packed);
    HWY_DYNAMIC_DISPATCH(multiply_part)
    (panels_,
     {.x = x + (piece.matrix * matrices_.in + piece.row * x_stride),
      .x_stride = static_cast<size_t>(x_stride),
      .rows = static_cast<size_t>(piece.rows),
      .matrix = {precision_, bias, bias + panels_.padded_columns(), packed + panels_at()},
      .first_panel = static_cast<size_t>(piece.panel),
      .last_panel = static_cast<size_t>(piece.panel + piece.panels),
      .y = y + (piece.matrix * matrices_.out + piece.row * y_stride),
      .y_stride = static_cast<size_t>(y_stride)},
     workspace, scratch.data() + thread * workspace_size);
  });
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
