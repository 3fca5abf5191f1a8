// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/resample.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace mobilediffusion {
namespace {

std::vector<float> resampled(const std::vector<uint8_t>& pixels, int from_width, int from_height, int width, int height,
                             PixelFormat format = PixelFormat::kRgb) {
  std::vector<float> to(static_cast<size_t>(width * height * 3), 99.0f);
  resample({pixels.data(), from_width, from_height, format}, width, height, to);
  return to;
}

float value_of(double pixel) { return static_cast<float>(pixel / 127.5 - 1); }

TEST(ResampleTest, TheSameSizeIsTheSamePicture) {
  std::vector<uint8_t> pixels(5 * 4 * 3);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 4);
  const std::vector<float> to = resampled(pixels, 5, 4, 5, 4);
  for (size_t i = 0; i < pixels.size(); ++i) EXPECT_NEAR(to[i], value_of(pixels[i]), 1e-5) << i;
}

TEST(ResampleTest, OneColourStaysOne) {
  for (const auto& [w, h] : {std::pair{1, 1}, std::pair{7, 3}, std::pair{64, 64}, std::pair{300, 20}}) {
    const std::vector<uint8_t> pixels(static_cast<size_t>(w * h * 4), 200);
    for (const auto& [width, height] : {std::pair{16, 16}, std::pair{8, 40}, std::pair{200, 8}}) {
      for (const float value : resampled(pixels, w, h, width, height, PixelFormat::kRgba))
        EXPECT_NEAR(value, value_of(200), 1e-5);
    }
  }
}

// Half the size: each pixel by a triangle of four, weights 1/8 3/8 3/8 1/8, less at the border.
TEST(ResampleTest, ShrinksByMeans) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) pixels.insert(pixels.end(), 3, static_cast<uint8_t>(x % 2 == 0 ? 0 : 240));
  }
  const std::vector<float> to = resampled(pixels, 8, 8, 4, 4);
  for (int x = 1; x < 3; ++x) EXPECT_NEAR(to[static_cast<size_t>(x) * 3], value_of(120), 1e-5);
  EXPECT_NEAR(to[0], value_of(240 * 3.0 / 7), 1e-5);
}

// Twice the size: bilinear.
TEST(ResampleTest, GrowsBilinearly) {
  const std::vector<uint8_t> pixels = {0, 0, 0, 100, 100, 100, 0, 0, 0, 100, 100, 100};
  const std::vector<float> to = resampled(pixels, 2, 2, 4, 4);
  const double expected[] = {0, 25, 75, 100};
  for (size_t x = 0; x < 4; ++x) EXPECT_NEAR(to[x * 3], value_of(expected[x]), 1e-5) << x;
}

// Of a wide picture the middle: its ends, black here, are cut.
TEST(ResampleTest, CutsTheMiddle) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 12; ++x) pixels.insert(pixels.end(), 3, static_cast<uint8_t>(x >= 3 && x < 9 ? 255 : 0));
  }
  for (const float value : resampled(pixels, 12, 4, 4, 4)) EXPECT_NEAR(value, 1.0f, 1e-5);
}

}  // namespace
}  // namespace mobilediffusion
