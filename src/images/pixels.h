// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstdint>
#include <span>

#include "mobilediffusion/image.h"

namespace mobilediffusion {

// The decoder's output y, (height, width, 3) and about -1 to 1, as bytes: round(255 clamp(y/2 + 1/2, 0, 1)), halves to
// even as torch.round has them. `out` holds height * width * bytes-per-pixel. No value may be a NaN.
void to_pixels(std::span<const float> nhwc_rgb, int width, int height, PixelFormat format, uint8_t* out);

}  // namespace mobilediffusion
