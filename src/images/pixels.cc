// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/pixels.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace mobilediffusion {
namespace {

// Added to 2^23, whose last bit is worth 1, a value is rounded to a whole number by the addition itself, halves to
// even, and that number is the low byte of the sum: branchless, and no call of libm for each of a picture's values.
inline uint8_t to_byte(float y) {
  const float value = 255.0f * std::clamp(y / 2.0f + 0.5f, 0.0f, 1.0f);
  return static_cast<uint8_t>(std::bit_cast<uint32_t>(value + 8388608.0f));
}

template <size_t kBytes>
void convert(const float* rgb, size_t count, uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) out[kBytes * i + c] = to_byte(rgb[3 * i + c]);
    if constexpr (kBytes == 4) out[kBytes * i + 3] = 255;
  }
}

}  // namespace

void to_pixels(std::span<const float> nhwc_rgb, int width, int height, PixelFormat format, uint8_t* out) {
  const size_t count = static_cast<size_t>(width) * static_cast<size_t>(height);
  if (format == PixelFormat::kRgba) return convert<4>(nhwc_rgb.data(), count, out);
  convert<3>(nhwc_rgb.data(), count, out);
}

}  // namespace mobilediffusion
