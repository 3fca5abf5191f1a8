// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Products of quantised rows by a matrix of 8 bits, in the processor's own instructions for such (byte_tiles.h), with
// the sums of a tile in registers down to the whole depth: 86% of what Zen 5's multipliers can do, of which XNNPACK's
// kernels of 2024-11-08 whose results are halves, 256 bits wide, reach 45%. Sums are exact, so that every tile gives
// the same answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "kernels/packing/kept_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/product/byte_tiles.h"
#include "kernels/product/panels.h"
#include "kernels/product/tap_matrix.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// Rows that are multiplied together.
struct ByteRows {
  const int8_t* x[kMostTaps * kByteRows];  // of tap i, row j: i * kByteRows + j
  int32_t sums[kByteRows];                 // of all that a row's taps hold
  Quantization quantization[kByteRows];
  int64_t y[kByteRows];  // values from y's first to a row's
};

class ByteProduct {
 public:
  // Whether this processor has the instructions, and no faster ones that XNNPACK uses (AMX).
  static bool suits_processor();

  // Whether such a matrix can be multiplied by: sums must fit 32 bits.
  static bool suits(const TapMatrix& matrix);

  ByteProduct() = default;

  // Packs a matrix, quantised by output channel, and a bias of `out`, empty for none. Neither is needed afterwards, nor
  // read where packing.holds(name). The first failure is put into `status`.
  ByteProduct(std::string_view name, const TapMatrix& matrix, const QuantizedWeight& weight,
              std::span<const float> bias, const Packing& packing, Status& status,
              const ByteTiles& tiles = *byte_tiles().front());

  // Of every pixel of a quantised x, the sum of its values: what ByteRows::sums are made of.
  Tensor sums_of_pixels(Context& context, const Tensor& x) const;
  static const int32_t* sums(const Tensor& of_pixels) { return static_cast<const int32_t*>(of_pixels.memory()); }

  // For every row i: y_i = x_i W^T + b. `locate(first, rows, found)` says where rows of x and y are: some kByteRows at
  // most from `first` on, on any thread. Ends early where the context is cancelled.
  using Locate = std::function<void(int64_t first, int64_t rows, ByteRows& found)>;
  void run(Context& context, int64_t rows, const Locate& locate, Writing y) const;

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const { return packed_.own_bytes(); }

 private:
  // The packed matrix: of every column its bias, its scale, and the sum of its weights; then the panels.
  size_t panels_at() const { return panels_.padded_columns() * 3 * sizeof(float); }
  void pack(const QuantizedWeight& weight, std::span<const float> bias, std::byte* to) const;

  TapMatrix matrix_;
  const ByteTiles* tiles_ = nullptr;
  Panels panels_{};
  KeptWeights packed_;
};

}  // namespace mobilediffusion::kernels
