// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures in: what is read, and that nothing which is no picture, or too large a one, does harm.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/images/png.h"
#include "tests/images/png_chunks.h"
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
    const auto decoded = decode_image({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    EXPECT_EQ(decoded.status().code(), image.status().code());
    if (image.ok()) {
      EXPECT_TRUE(decoded->pixels == image->pixels);
    } else {
      EXPECT_TRUE(decoded.status().message().starts_with("the picture in memory")) << decoded.status().message();
    }
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

  // TIFF's header and a directory of two entries, the second the orientation, in a whole number of one of TIFF's types.
  static std::string tiff(int orientation, bool little_endian, uint32_t type = kShort) {
    const auto number = [little_endian](uint32_t value, int bytes) {
      std::string text;
      for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * (little_endian ? i : bytes - 1 - i));
      return text;
    };
    const auto entry = [&](uint32_t tag, uint32_t value, uint32_t of_type) {
      const int bytes = of_type == kByte ? 1 : of_type == kLong ? 4 : 2;
      return number(tag, 2) + number(of_type, 2) + number(1, 4) + number(value, bytes) +
             std::string(static_cast<size_t>(4 - bytes), '\0');
    };
    return (little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(2, 2) + entry(0x0103, 6, kShort) +
           entry(0x0112, static_cast<uint32_t>(orientation), type) + number(0, 4);
  }

  // A JPEG with an Exif segment in front.
  static std::string with_orientation(const std::string& jpeg, const std::string& tiff) {
    const std::string segment = std::string("Exif\0\0", 6) + tiff;
    std::string head = "\xff\xd8\xff\xe1";
    head += static_cast<char>((segment.size() + 2) >> 8);
    head += static_cast<char>((segment.size() + 2) & 0xff);
    return head + segment + jpeg.substr(2);
  }

  // A PNG with an eXIf chunk behind its header.
  static std::string with_exif(const std::string& png, const std::string& exif) {
    constexpr size_t kHead = 33;
    return png.substr(0, kHead) + png_chunk("eXIf", exif) + png.substr(kHead);
  }

  // That the picture in `folder_` is colours(31, 17, 3) turned by that orientation: where the file's first row and
  // first column meet, and where that row ends, by the standard's table.
  void expect_turned(int orientation, int tolerance) {
    const auto image = read_image(folder_.path("picture"));
    ASSERT_TRUE(image.ok()) << image.status().message();
    const std::vector<uint8_t> whole = colours(31, 17, 3);
    const bool turned = orientation >= 5;
    ASSERT_EQ(image->width, turned ? 17 : 31) << orientation;
    ASSERT_EQ(image->height, turned ? 31 : 17) << orientation;
    constexpr bool kRight[] = {false, false, true, true, false, false, true, true, false};
    constexpr bool kBelow[] = {false, false, false, true, true, false, false, true, true};
    const bool right = kRight[orientation], below = kBelow[orientation];
    const auto expect_at = [&](bool on_right, bool at_bottom, const uint8_t* colour) {
      const int x = on_right ? image->width - 1 : 0, y = at_bottom ? image->height - 1 : 0;
      const uint8_t* const found = image->pixels.data() + 3 * (y * image->width + x);
      for (int c = 0; c < 3; ++c) EXPECT_NEAR(found[c], colour[c], tolerance) << orientation;
    };
    expect_at(right, below, whole.data());
    expect_at(turned ? right : !right, turned ? !below : below, whole.data() + size_t{3} * 30);
  }

  static constexpr uint32_t kByte = 1, kShort = 3, kLong = 4, kRational = 5;
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

// A camera held in any of eight ways, in both orders of bytes, told in any whole number, in either kind of file.
TEST_F(ReadImageTest, TurnsAPictureUpright) {
  const std::string sideways = jpeg(31, 17), sideways_png = png(31, 17, 3);
  for (const bool little : {false, true}) {
    for (const uint32_t type : {kByte, kShort, kLong}) {
      for (int orientation = 1; orientation <= 8; ++orientation) {
        const std::string exif = tiff(orientation, little, type);
        folder_.write("picture", with_orientation(sideways, exif));
        expect_turned(orientation, 12);
        folder_.write("picture", with_exif(sideways_png, exif));
        expect_turned(orientation, 0);
        folder_.write("picture", with_exif(sideways_png, std::string("Exif\0\0", 6) + exif));
        expect_turned(orientation, 0);
      }
    }
  }
  for (const std::string& none : {tiff(0, true), tiff(9, true), tiff(65535, true), tiff(65542, true, kLong),
                                  tiff(6, false, kRational), std::string(), std::string("II*")}) {
    folder_.write("picture", with_orientation(sideways, none));
    expect_turned(1, 12);
    folder_.write("picture", with_exif(sideways_png, none));
    expect_turned(1, 0);
  }
}

// Exif that ends anywhere, or points anywhere, does no harm.
TEST_F(ReadImageTest, DamagedExif) {
  const std::string whole = with_orientation(jpeg(31, 17), tiff(6, true));
  for (size_t at = 4; at < 40; ++at) {
    for (const int change : {0x01, 0x10, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      const Status status = trouble(damaged);
      EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument) << status.message();
    }
  }
  const std::string exif = tiff(6, false);
  for (size_t at = 0; at < exif.size(); ++at) {
    for (const int change : {0x01, 0x10, 0x80, 0xff}) {
      std::string damaged = exif;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      EXPECT_TRUE(trouble(with_exif(png(31, 17, 3), damaged)).ok()) << at;
    }
    EXPECT_TRUE(trouble(with_exif(png(31, 17, 3), exif.substr(0, at))).ok()) << at;
  }
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

// A small file that claims a large picture, or a pass over it again and again.
TEST_F(ReadImageTest, AJpegThatClaimsMoreThanItHolds) {
  const std::string whole = jpeg(31, 17);
  std::string large = whole;
  const size_t at = large.find("\xff\xc0");  // the frame: length, precision, height, width
  ASSERT_NE(at, std::string::npos);
  for (const size_t i : {5, 7}) large[at + i] = '\x1f';
  expect_refused(large, "too few for");
  const size_t scan = whole.find("\xff\xda");
  ASSERT_NE(scan, std::string::npos);
  std::string many = whole.substr(0, scan);
  for (int i = 0; i < 200; ++i) many += whole.substr(scan, whole.size() - 2 - scan);
  expect_refused(many + "\xff\xd9", "more than 100 scans");
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
