// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A table that is looked up and not multiplied with: kept in the type that its file has, since only the rows that a
// prompt names are ever read. Beside packed weights, so that a mapped cache file spares even the memory of the others.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "src/weights/weights.h"

namespace mobilediffusion {

class Embedding {
 public:
  // (rows, width). The first failure is put into at.status().
  Embedding(const Scope& at, int rows, int width);
  Embedding(Embedding&&) = default;

  // Adds a row to `width` values.
  void add_row(int row, float* to) const;

 private:
  kernels::DataType type_ = kernels::DataType::kFloat32;
  int64_t width_;
  std::vector<std::byte> own_;        // where nobody keeps packed weights
  std::span<const std::byte> table_;  // into it, or theirs
  std::vector<float> scales_;         // of 8 bits, a row each
};

}  // namespace mobilediffusion
