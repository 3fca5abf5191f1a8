// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which way up a picture is: cameras write their pixels as the sensor lies, and say in the file how it was held.
#pragma once

#include <cstdint>
#include <span>

#include "mobilediffusion/image.h"

namespace mobilediffusion {

// The orientation, 1 to 8 (Exif 2.3, tag 0x0112), that a JPEG's first Exif segment tells; 1, as it is, where there is
// none, or it makes no sense. The file's segments must be sound up to its first scan.
int exif_orientation(std::span<const uint8_t> jpeg);

// The same of what stands in that segment behind its name, and in a PNG's eXIf chunk: a TIFF header and its directory.
int tiff_orientation(std::span<const uint8_t> tiff);

// The picture as it is meant to be seen: rotated and mirrored from what that orientation says.
Image upright(Image image, int orientation);

}  // namespace mobilediffusion
