// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What happens to each value by itself, and the copies that put activations together. All take float32 and float16;
// arithmetic is in float32.
#pragma once

#include <string_view>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

enum class Activation {
  kSilu,       // x * sigmoid(x)
  kQuickGelu,  // x * sigmoid(1.702 x): CLIP's
  kGelu,       // x * (1 + erf(x / sqrt(2))) / 2, to 3e-7 * |x|
  kRelu,       // max(x, 0)
  kTanh,
};

// x, overwritten with its activation.
void activate(Context& context, std::string_view name, Activation activation, Tensor& x);

// x + y, into x. The shapes agree.
void add(Context& context, std::string_view name, Tensor& x, const Tensor& y);

// Of one picture: rows [first, first + rows) of y, copied to x from row `at` on, or added to what is there. The widths
// and channels agree.
void copy_rows(Context& context, std::string_view name, Tensor& x, int64_t at, const Tensor& y, int64_t first,
               int64_t rows);
void add_rows(Context& context, std::string_view name, Tensor& x, int64_t at, const Tensor& y, int64_t first,
              int64_t rows);

// x + v, into x: v (n, 1, 1, c) is added to every pixel.
void add_to_pixels(Context& context, std::string_view name, Tensor& x, const Tensor& v);

// Of each row's halves (value, gate), value * activation(gate), where that is SiLU or GELU. (n, h, w, 2c) gives
// (n, h, w, c), in the format that its reader wants.
Tensor gated(Context& context, std::string_view name, Activation activation, const Tensor& x,
             Format format = Format::kFloat32);

// x * factor, into x, as part of an operator call that has begun. By 1 it is left alone.
void multiply(Context& context, Tensor& x, float factor);

// x and y side by side on the channels, in x's format.
Tensor concatenate(Context& context, std::string_view name, const Tensor& x, const Tensor& y);

// False where a value, of float32, is NaN or infinite.
bool all_finite(Context& context, const Tensor& x);

}  // namespace mobilediffusion::kernels
