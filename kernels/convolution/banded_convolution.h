// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A 3x3 convolution of a normalised picture. Where the picture is large it is normalised and convolved a band of rows
// at a time, by statistics that a first pass found: the normalised picture is never whole in memory, nor, where it is
// added to a residual, is the answer, and what one operator writes the next finds in a cache. A band is read with a row
// of its neighbours on either side, whose own answers are thrown away.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/convolution/conv2d.h"
#include "kernels/normalization/norm.h"

namespace mobilediffusion::kernels {

// How a picture is cut. Smaller ones stay whole.
struct Bands {
  int64_t rows = 30;                        // and its two neighbours make 8 of Winograd's tiles
  int64_t least_bytes = int64_t{48} << 20;  // of the picture in float32
};

// conv(norm(x)); conv keeps the picture's size. Where `spent` is x it is not needed afterwards, and its memory may
// become the result's, or go back.
Tensor convolve_normalized(Context& context, const GroupNorm& norm, Fused fused, const Conv2d& conv, const Tensor& x,
                           Tensor* spent = nullptr, const Bands& bands = {});

// The same, added to `sum`.
void add_convolved_normalized(Context& context, std::string_view name, const GroupNorm& norm, Fused fused,
                              const Conv2d& conv, Tensor&& x, Tensor& sum, const Bands& bands = {});

// Whether a picture is so large.
bool goes_in_bands(const Shape& x, const Bands& bands = {});

// pointwise(x), in x's own memory where the answer needs no more. `pointwise` looks at single pixels.
Tensor convolve_in_place(Context& context, const Conv2d& pointwise, Tensor&& x, const Bands& bands = {});

}  // namespace mobilediffusion::kernels
