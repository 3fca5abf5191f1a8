// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How a matrix's columns lie in memory for a product that takes a few vectors of them at once.
#pragma once

#include <cstddef>

namespace mobilediffusion::kernels {

constexpr size_t kWidestPanel = 3;  // vectors

// Panels of columns, as few as there can be and as wide as each other, one behind another: of each (depth, vectors of
// the panel), zeros behind the last column.
struct Panels {
  size_t depth, columns, lanes;

  size_t vectors() const { return (columns + lanes - 1) / lanes; }
  size_t padded_columns() const { return vectors() * lanes; }
  size_t size() const { return depth * padded_columns(); }
  size_t count() const { return (vectors() + kWidestPanel - 1) / kWidestPanel; }

  struct Panel {
    size_t first, vectors;  // of vectors
  };
  Panel panel(size_t i) const {
    const size_t even = vectors() / count(), wider = vectors() % count();
    return {i * even + (i < wider ? i : wider), even + (i < wider ? 1 : 0)};
  }
  size_t offset(const Panel& panel) const { return panel.first * lanes * depth; }
};

}  // namespace mobilediffusion::kernels
