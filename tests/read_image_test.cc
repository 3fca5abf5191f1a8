// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures in: what is read, and that nothing which is no picture, or too large a one, does harm.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/png.h"
#include "tests/temporary_folder.h"

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include "stb_image_write.h"

namespace mobilediffusion {
namespace {

class ReadImageTest : public testing::Test {
 protected:
  Status trouble(const std::string& bytes) {
    folder_.write("picture", bytes);
    const auto image = read_image(folder_.path("picture"));
    return image.ok() ? Status() : image.status();
  }

  void expect_refused(const std::string& bytes, const std::string& saying) {
    const Status status = trouble(bytes);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.message();
    EXPECT_NE(status.message().find(saying), std::string::npos) << status.message();
    EXPECT_NE(status.message().find("picture"), std::string::npos) << status.message();
  }

  // A slope of colours.
  static std::vector<uint8_t> colours(int width, int height, int channels) {
    std::vector<uint8_t> pixels;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int c = 0; c < channels; ++c)
          pixels.push_back(static_cast<uint8_t>(c == 3 ? 255 * (x % 2) : (c == 0 ? x * 5 : c == 1 ? y * 5 : 80)));
      }
    }
    return pixels;
  }

  static std::string png(int width, int height, int channels) {
    const auto bytes = compress_png(colours(width, height, channels), width, height, channels);
    return {bytes->begin(), bytes->end()};
  }

  static std::string jpeg(int width, int height) {
    std::string bytes;
    const auto append = [](void* to, void* data, int size) {
      static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<size_t>(size));
    };
    stbi_write_jpg_to_func(append, &bytes, width, height, 3, colours(width, height, 3).data(), 95);
    return bytes;
  }

  const TemporaryFolder folder_;
};

TEST_F(ReadImageTest, Png) {
  folder_.write("picture", png(31, 17, 3));
  const auto image = read_image(folder_.path("picture"));
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(image->width, 31);
  EXPECT_EQ(image->height, 17);
  EXPECT_EQ(image->format, PixelFormat::kRgb);
  EXPECT_EQ(image->pixels, colours(31, 17, 3));
  const Pixels view = image->view();
  EXPECT_EQ(view.data, image->pixels.data());
  EXPECT_EQ(view.width, 31);
}

TEST_F(ReadImageTest, TransparencyIsWhite) {
  folder_.write("picture", png(31, 17, 4));
  const auto image = read_image(folder_.path("picture"));
  ASSERT_TRUE(image.ok()) << image.status().message();
  const std::vector<uint8_t> whole = colours(31, 17, 3);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(image->pixels[i], i / 3 % 31 % 2 == 1 ? whole[i] : 255) << i;
}

TEST_F(ReadImageTest, Jpeg) {
  folder_.write("picture", jpeg(31, 17));
  const auto image = read_image(folder_.path("picture"));
  ASSERT_TRUE(image.ok()) << image.status().message();
  ASSERT_EQ(image->pixels.size(), size_t{31 * 17 * 3});
  const std::vector<uint8_t> whole = colours(31, 17, 3);
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(image->pixels[i], whole[i], 12) << i;
}

TEST_F(ReadImageTest, WhatIsNone) {
  EXPECT_EQ(read_image(folder_.path("none")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(read_image(folder_.path()).status().code(), StatusCode::kIoError);
  expect_refused("", "neither a PNG nor a JPEG");
  expect_refused("x", "neither a PNG nor a JPEG");
  expect_refused("GIF89a" + std::string(100, 'x'), "neither a PNG nor a JPEG");
  expect_refused("BM" + std::string(100, '\0'), "neither a PNG nor a JPEG");
  expect_refused("<svg></svg>", "neither a PNG nor a JPEG");
}

TEST_F(ReadImageTest, DamageIsNamed) {
  for (const std::string& whole : {png(31, 17, 3), jpeg(31, 17)}) {
    for (size_t size = 8; size < whole.size(); size += 7) {
      const Status status = trouble(whole.substr(0, size));
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << size << " of " << whole.size();
    }
    // Whatever a byte becomes: an error or a picture, never a crash.
    for (size_t i = 2; i < whole.size(); i += 3) {
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ change);
        const Status status = trouble(damaged);
        EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument) << status.message();
      }
    }
  }
}

// Older versions of stb_image write past a table of more than 256 codes.
TEST_F(ReadImageTest, AnOverfullHuffmanTable) {
  std::string full = jpeg(31, 17);
  const size_t at = full.find("\xff\xc4");  // the tables: length, number, 16 counts, codes
  ASSERT_NE(at, std::string::npos);
  full[at + 5 + 15] = '\xff';
  expect_refused(full, "damaged or truncated");
}

// A header that promises a gigantic picture is believed before anything is allocated for it.
TEST_F(ReadImageTest, HugeOnesAreRefusedByTheirHeader) {
  std::string large = jpeg(31, 17);
  const size_t at = large.find("\xff\xc0");  // the frame: length, precision, height, width
  ASSERT_NE(at, std::string::npos);
  for (size_t i = 5; i < 9; ++i) large[at + i] = '\xff';
  expect_refused(large, "65535x65535");
  const auto wide = compress_png(std::vector<uint8_t>(3 * 20000), 20000, 1, 3);
  ASSERT_TRUE(wide.ok());
  expect_refused({wide->begin(), wide->end()}, "20000x1; at most 16384 a side");
}

}  // namespace
}  // namespace mobilediffusion
