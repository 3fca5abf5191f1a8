// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Products of rows by a matrix in AMX's tiles of bfloat16 (bfloat16_tiles.h): both are rounded to 8 digits, and sums
// are float32's. What stands for float16 on processors that have them, where XNNPACK's products of halves are summed in
// halves: nearer to the truth, and a third of the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "kernels/packing/kept_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/product/bfloat16_tiles.h"
#include "kernels/product/tap_matrix.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// x's pixels in bfloat16, and one of zeros, each with values behind it that a tile may read.
class RoundedPixels {
 public:
  // Without memory where the context has failed.
  RoundedPixels(Context& context, const Tensor& x);

  const Bfloat16* pixel(int64_t i) const { return static_cast<const Bfloat16*>(memory_.memory()) + i * c_; }
  const Bfloat16* zeros() const { return pixel(pixels_); }

 private:
  int64_t pixels_, c_;
  Tensor memory_;
};

class Bfloat16Product {
 public:
  static constexpr size_t kRowsAtOnce = 96, kMostTaps = 9;

  // Rows that are multiplied together.
  struct Rows {
    const Bfloat16* x[kMostTaps * kRowsAtOnce];  // of tap i, row j: i * kRowsAtOnce + j
    int64_t y[kRowsAtOnce];                      // values from y's first to a row's
  };

  static bool suits_processor() { return has_bfloat16_tiles(); }

  // Whether such a matrix fills tiles well enough.
  static bool suits(const TapMatrix& matrix);

  Bfloat16Product() = default;

  // Packs a matrix and a bias of `out`, empty for none. Neither is needed afterwards, nor read where
  // packing.holds(name). The first failure is put into `status`.
  Bfloat16Product(std::string_view name, const TapMatrix& matrix, std::span<const float> weight,
                  std::span<const float> bias, const Packing& packing, Status& status);

  // For every row i: y_i = x_i W^T + b. `locate(first, rows, found)` says where rows of x and y are: some kRowsAtOnce
  // rows at most from `first` on, on any thread. Ends early where the context is cancelled.
  using Locate = std::function<void(int64_t first, int64_t rows, Rows& found)>;
  void run(Context& context, int64_t rows, const Locate& locate, Writing y) const;

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const { return packed_.own_bytes(); }

 private:
  // Steps of kTileDepth values that a tap takes, zeros behind its end; and tiles of columns, zeros likewise.
  size_t steps() const { return (static_cast<size_t>(matrix_.in) + kTileDepth - 1) / kTileDepth; }
  size_t column_tiles() const { return (static_cast<size_t>(matrix_.out) + kTileColumns - 1) / kTileColumns; }
  size_t tile_depth() const { return static_cast<size_t>(matrix_.taps) * steps() * kTileSize; }  // of one of columns
  // The packed matrix: every column's bias; then panels of two tiles of columns, and one where there is a single left.
  size_t panels_at() const { return column_tiles() * kTileColumns * sizeof(float); }
  void pack(std::span<const float> weight, std::span<const float> bias, std::byte* to) const;

  TapMatrix matrix_;
  KeptWeights packed_;
};

}  // namespace mobilediffusion::kernels
