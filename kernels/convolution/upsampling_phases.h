// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Nearest 2x upsampling and the 3x3 convolution behind it, together: of the nine taps that an output pixel reads, those
// that fall on the same input pixel add up, so each of the four output phases (even or odd row, even or odd column) is
// a 2x2 convolution of the small picture, at 4/9 of the work. Exact algebra.
#pragma once

#include <vector>

#include "kernels/convolution/conv2d_spec.h"

namespace mobilediffusion::kernels {

// From (out, in, 3, 3) to a phase's (out, 2, 2, in). An even row's phase reads the pixel above and its own, an odd
// one's its own and the pixel below; columns likewise.
std::vector<float> phase_kernel(const std::vector<float>& weight, const Conv2dSpec& spec, int row, int column);

}  // namespace mobilediffusion::kernels
