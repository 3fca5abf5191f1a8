// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What becomes of transparency where a picture has none: it is laid over white.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mobilediffusion {

inline uint8_t over_white(int value, int alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

inline std::vector<uint8_t> over_white(std::span<const uint8_t> rgba) {
  std::vector<uint8_t> rgb(rgba.size() / 4 * 3);
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = over_white(rgba[i / 3 * 4 + i % 3], rgba[i / 3 * 4 + 3]);
  return rgb;
}

}  // namespace mobilediffusion
