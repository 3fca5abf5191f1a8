// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How kernels that take an activation row by row share it out.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

// Rows of `width` floats that make a piece of work: some 64 KB, which stays in a core's own cache.
inline int64_t rows_per_piece(int64_t width) { return std::max<int64_t>(1, 16384 / width); }

// A row of float32 for every piece of work on an activation, where rows are quantised as they are made: a worker must
// not allocate.
class RowBuffers {
 public:
  RowBuffers(Context& context, Format format, const Shape& shape) : width_(shape.c) {
    if (format != Format::kInt8PerRow) return;
    const int64_t piece = rows_per_piece(width_);
    rows_ = context.make({1, 1, (shape.rows() + piece - 1) / piece, width_});
  }
  float* of(int64_t piece) { return rows_.data() == nullptr ? nullptr : rows_.data() + piece * width_; }

 private:
  int64_t width_;
  Tensor rows_;
};

}  // namespace mobilediffusion::kernels
