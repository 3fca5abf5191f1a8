// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Products of rows by matrices in float32, on this processor's vectors: the loops of Goto and van de Geijn ("Anatomy of
// High-Performance Matrix Multiplication", 2008). A panel of the matrix, some hundred rows deep, stays in the core's
// first cache while tiles of rows, kept in its second, pass over it. 92% of what the multipliers of a core with AVX2 or
// AVX-512 can do. XNNPACK's kernels, which run a tile through the whole depth, reach 50% and 70% on Intel's cores, and
// as much as these on Zen 5 with AVX-512.
//
// Matrices may be kept in half or 8 bits and rows may be halves, where a processor multiplies no such numbers faster
// than float32: a panel's part is widened when it comes to the first cache, once for a hundred rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/packing/kept_weights.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/product/panels.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// Equally shaped matrices: each (out, in).
struct Matrices {
  int64_t count = 1, in = 0, out = 0;

  int64_t size() const { return count * in * out; }
};

class PanelProduct {
 public:
  // Whether it is known to be the fastest way to multiply by matrices of a precision, on this processor.
  static bool suits_processor(Precision precision);

  PanelProduct() = default;

  // Packs matrices.count matrices one behind another, in packing.precision, and a bias of `out` for each, empty for
  // none. float16 and int8 have a scale for each output channel: a power of two, and quantize_weight()'s. Neither is
  // needed afterwards, nor read where packing.holds(name). The first failure is put into `status`.
  PanelProduct(std::string_view name, const Matrices& matrices, std::span<const float> weight,
               std::span<const float> bias, const Packing& packing, Status& status);

  // For every matrix i: y_i = x_i W_i^T + b_i, with rows of `in` values from x + i in, of `out` values from y + i out,
  // and so many values from one row to the next; either in float32 or in half. Ends early where the context is
  // cancelled.
  void run(Context& context, int64_t rows, Reading x, int64_t x_stride, Writing y, int64_t y_stride) const;

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const { return packed_.own_bytes(); }

 private:
  // Of each matrix: its bias and, but in float32, its channels' scales; then its panels, and zeros up to what is
  // aligned.
  size_t panels_at() const;
  size_t panels_end() const;
  int64_t each_bytes() const;
  void pack(std::span<const float> weight, std::span<const float> bias, std::byte* to) const;

  Matrices matrices_;
  Precision precision_ = Precision::kFloat32;
  Panels panels_{};
  KeptWeights packed_;
};

}  // namespace mobilediffusion::kernels
