// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where a head's rows lie in an activation of all heads, which stand side by side in each token's row.
#pragma once

#include <cstdint>

#include "kernels/runtime/shape.h"

namespace mobilediffusion::kernels {

class Heads {
 public:
  // Of activations of that shape: (n, any, any, heads * d).
  Heads(const Shape& shape, int heads) : tokens_(shape.pixels()), width_(shape.c), heads_(heads) {}

  int64_t d() const { return width_ / heads_; }

  // The first value of the token's row of the i-th head, counted over all pictures; its d() values lie behind one
  // another, and the next token's row begins `width` values further on.
  int64_t row(int64_t i, int64_t token) const { return (i / heads_ * tokens_ + token) * width_ + i % heads_ * d(); }

 private:
  int64_t tokens_, width_, heads_;
};

}  // namespace mobilediffusion::kernels
