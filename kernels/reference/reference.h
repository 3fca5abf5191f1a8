// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The slow twin of every kernel, in double precision: what each means, written as plainly as its formula. The kernels
// are tested against these; nothing else uses them.
#pragma once

#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/convolution/conv2d.h"
#include "kernels/elementwise/elementwise.h"
#include "kernels/linear/linear.h"
#include "kernels/normalization/norm.h"
#include "kernels/runtime/shape.h"

namespace mobilediffusion::kernels::reference {

// Values of a shape, channels last.
struct Array {
  Shape shape;
  std::vector<double> values;

  explicit Array(const Shape& s) : shape(s), values(static_cast<size_t>(s.elements())) {}
  double& at(int64_t n, int64_t y, int64_t x, int64_t c) { return values[static_cast<size_t>(index(n, y, x, c))]; }
  double at(int64_t n, int64_t y, int64_t x, int64_t c) const { return values[static_cast<size_t>(index(n, y, x, c))]; }

 private:
  int64_t index(int64_t n, int64_t y, int64_t x, int64_t c) const {
    return ((n * shape.h + y) * shape.w + x) * shape.c + c;
  }
};

using Values = std::vector<double>;

// Weights as files have them: (out, in or 1 if depthwise, kernel, kernel), (out, in), (c).
Array conv2d(const Array& x, const Conv2dSpec& spec, const Values& weight, const Values& bias);
Array linear(const Array& x, const LinearSpec& spec, const Values& weight, const Values& bias);
Array group_norm(const Array& x, int groups, double epsilon, const Values& weight, const Values& bias, Fused fused);
Array layer_norm(const Array& x, double epsilon, const Values& weight, const Values& bias);
Array attention(const Array& queries, const Array& keys, const Array& values, const AttentionSpec& spec);

double activate(Activation activation, double x);
Array gated(Activation activation, const Array& x);
Array concatenate(const Array& x, const Array& y);
Array upsample_2x(const Array& x);
Values low_rank_sum(const Values& weight, const Values& up, const Values& down, int64_t rank, double scale);

}  // namespace mobilediffusion::kernels::reference
