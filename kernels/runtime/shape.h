// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The shape of an activation: (n, h, w, c), channels last in memory, as XNNPACK wants them. A sequence of tokens is
// (n, 1, tokens, width), a vector (n, 1, 1, width).
#pragma once

#include <cstdint>

namespace mobilediffusion::kernels {

struct Shape {
  int64_t n = 1, h = 1, w = 1, c = 0;

  int64_t pixels() const { return h * w; }    // of one picture: the tokens of a sequence
  int64_t rows() const { return n * h * w; }  // vectors of c values
  int64_t elements() const { return n * h * w * c; }
  bool operator==(const Shape&) const = default;
};

}  // namespace mobilediffusion::kernels
