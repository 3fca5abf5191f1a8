// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A table that is looked up and not multiplied with: kept in the type that its file has, since only the rows that a
// prompt names are ever read.
#pragma once

#include <cstddef>
#include <vector>

#include "src/weights.h"

namespace mobilediffusion {

class Embedding {
 public:
  // (rows, width). The first failure is put into at.status().
  Embedding(const Scope& at, int rows, int width);

  // Adds a row to `width` values.
  void add_row(int row, float* to) const;

 private:
  kernels::DataType type_ = kernels::DataType::kFloat32;
  int64_t width_;
  std::vector<std::byte> table_;
  std::vector<float> scales_;  // of 8 bits, a row each
};

}  // namespace mobilediffusion
