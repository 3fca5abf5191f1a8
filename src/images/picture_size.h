// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstdint>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

// Refuses, by what its header says, a picture that is too large to be read.
inline Status check_picture_size(int64_t width, int64_t height, const std::string& origin) {
  constexpr int64_t kLargestSide = 1 << 14, kMostPixels = int64_t{1} << 26;
  if (width <= kLargestSide && height <= kLargestSide && width * height <= kMostPixels) return {};
  return Status(StatusCode::kInvalidArgument, origin + " is too large: " + std::to_string(width) + "x" +
                                                  std::to_string(height) + "; at most " + std::to_string(kLargestSide) +
                                                  " a side and " + std::to_string(kMostPixels) + " pixels are read");
}

}  // namespace mobilediffusion
