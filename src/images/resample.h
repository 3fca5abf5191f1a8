// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <span>

#include "mobilediffusion/options.h"

namespace mobilediffusion {

// Of a picture the largest part in the middle that has the shape of `width` by `height`, scaled to that size, as an
// encoder reads it: (height, width, 3) values from -1 to 1. Every pixel is a mean weighted by a triangle: two pixels
// wide where the picture grows (bilinear), as wide as what falls into it where it shrinks, so that nothing is skipped.
// An alpha channel is not looked at.
void resample(const Pixels& from, int width, int height, std::span<float> to);

}  // namespace mobilediffusion
