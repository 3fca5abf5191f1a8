// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/pixels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/sampling/noise.h"

namespace mobilediffusion {
namespace {

TEST(Pixels, HaveTheFormulasValues) {
  const std::vector<float> y = {-1, 0, 1, -2, 2, 1e30f, -1e30f, -0.0f, 0.25f};
  // 127.5 goes to 128, which is even; 159.375 down.
  const std::vector<uint8_t> expected = {0, 128, 255, 0, 255, 255, 0, 128, 159};
  std::vector<uint8_t> out(9);
  to_pixels(y, 3, 1, PixelFormat::kRgb, out.data());
  EXPECT_EQ(out, expected);
  to_pixels(y, 1, 3, PixelFormat::kRgb, out.data());
  EXPECT_EQ(out, expected);
  std::vector<uint8_t> rgba(12);
  to_pixels(y, 3, 1, PixelFormat::kRgba, rgba.data());
  EXPECT_EQ(rgba, (std::vector<uint8_t>{0, 128, 255, 255, 0, 255, 255, 255, 0, 128, 159, 255}));
}

TEST(Pixels, RoundLikeTheLibrary) {
  const int width = 301, height = 97;
  std::vector<float> y(static_cast<size_t>(width * height * 3));
  fill_normal(9, 0, 0, y);
  std::vector<uint8_t> out(y.size());
  to_pixels(y, width, height, PixelFormat::kRgb, out.data());
  for (size_t i = 0; i < y.size(); ++i) {
    const float value = 255.0f * std::clamp(y[i] / 2.0f + 0.5f, 0.0f, 1.0f);
    ASSERT_EQ(out[i], static_cast<int>(std::nearbyint(value))) << y[i];
  }
}

// Every half that a float can be in the middle of, n + 1/2: to the even neighbour, as torch.round does.
TEST(Pixels, RoundHalvesToEven) {
  for (int n = 0; n < 255; ++n) {
    const float y = static_cast<float>(((n + 0.5) / 255.0 - 0.5) * 2.0);
    if (255.0f * (y / 2.0f + 0.5f) != static_cast<float>(n) + 0.5f) continue;
    const float rgb[3] = {y, y, y};
    uint8_t out[3];
    to_pixels(rgb, 1, 1, PixelFormat::kRgb, out);
    EXPECT_EQ(out[0], n % 2 == 0 ? n : n + 1);
  }
}

}  // namespace
}  // namespace mobilediffusion
