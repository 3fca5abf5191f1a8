// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNGs of every colour type, depth and order, against stb_image's decoder; and files whose data are more, or other,
// than their header says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "src/images/over_white.h"
#include "src/images/png.h"
#include "tests/images/png_chunks.h"
#include "tests/process_memory.h"

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#endif
#include <stb_image.h>
#include <stb_image_write.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace mobilediffusion {
namespace {

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

Result<Image> decoded(const std::string& png) { return decode_png(bytes_of(png), "test.png"); }

std::string deflated(std::string data) {
  int size = 0;
  unsigned char* const zlib =
      stbi_zlib_compress(reinterpret_cast<unsigned char*>(data.data()), static_cast<int>(data.size()), &size, 8);
  std::string text(reinterpret_cast<const char*>(zlib), static_cast<size_t>(size));
  std::free(zlib);
  return text;
}

class Noise {
 public:
  uint32_t next() { return (state_ = state_ * 1664525u + 1013904223u) >> 16; }

 private:
  uint32_t state_ = 7;
};

int channels_of(int colour) { return colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1; }

// Scanlines of noise, every kind of filter among them.
std::string scanlines(int width, int height, int depth, int colour, bool interlaced, Noise& noise) {
  struct Pass {
    int x, y, dx, dy;
  };
  std::vector<Pass> passes = {{0, 0, 1, 1}};
  if (interlaced)
    passes = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  std::string data;
  for (const Pass& pass : passes) {
    const int columns = (width - pass.x + pass.dx - 1) / pass.dx, rows = (height - pass.y + pass.dy - 1) / pass.dy;
    if (columns < 1) continue;
    for (int y = 0; y < rows; ++y) {
      data += static_cast<char>(noise.next() % 5);
      for (int i = 0; i < (columns * channels_of(colour) * depth + 7) / 8; ++i) data += static_cast<char>(noise.next());
    }
  }
  return data;
}

struct Kind {
  int colour, depth;
};
constexpr Kind kKinds[] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                           {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};

TEST(PngDecode, EveryKindAsStbDecodesIt) {
  Noise noise;
  for (const Kind& kind : kKinds) {
    for (const bool interlaced : {false, true}) {
      for (const bool transparent : {false, true}) {
        if (transparent && kind.colour >= 4) continue;
        for (const auto& [width, height] : {std::pair(1, 1), {3, 2}, {5, 9}, {33, 17}}) {
          std::vector<std::string> chunks = {png_header(static_cast<uint32_t>(width), static_cast<uint32_t>(height),
                                                        kind.depth, kind.colour, interlaced)};
          if (kind.colour == 3) {
            std::string palette;
            for (int i = 0; i < 3 * (1 << kind.depth); ++i) palette += static_cast<char>(noise.next());
            chunks.push_back(png_chunk("PLTE", palette));
          }
          const std::string data = scanlines(width, height, kind.depth, kind.colour, interlaced, noise);
          if (transparent) {
            // Of a palette some alphas; else the colour of the first pixel, which is unfiltered there or nearly so.
            std::string values;
            if (kind.colour == 3) {
              for (int i = 0; i < (1 << kind.depth) / 2 + 1; ++i) values += static_cast<char>(noise.next());
            } else {
              const uint32_t most = (1u << kind.depth) - 1;
              for (int c = 0; c < channels_of(kind.colour); ++c) {
                uint32_t value = static_cast<uint8_t>(data[static_cast<size_t>(1 + c * (kind.depth == 16 ? 2 : 1))]);
                if (kind.depth == 16) value = value << 8 | static_cast<uint8_t>(data[static_cast<size_t>(2 + c * 2)]);
                if (kind.depth < 8) value >>= 8 - kind.depth;
                value &= most;
                values += std::string{static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
              }
            }
            chunks.push_back(png_chunk("tRNS", values));
          }
          const std::string zlib = deflated(data);
          chunks.push_back(png_chunk("IDAT", zlib.substr(0, zlib.size() / 2)));
          chunks.push_back(png_chunk("IDAT", zlib.substr(zlib.size() / 2)));
          const std::string file = png_file(chunks);
          const std::string what = "colour type " + std::to_string(kind.colour) + ", " + std::to_string(kind.depth) +
                                   " bits, " + std::to_string(width) + "x" + std::to_string(height) +
                                   (interlaced ? ", interlaced" : "") + (transparent ? ", transparent" : "");
          int found_width = 0, found_height = 0, channels = 0;
          stbi_uc* const rgba = stbi_load_from_memory(bytes_of(file).data(), static_cast<int>(file.size()),
                                                      &found_width, &found_height, &channels, 4);
          ASSERT_NE(rgba, nullptr) << what << ": " << stbi_failure_reason();
          const std::vector<uint8_t> expected = over_white({rgba, static_cast<size_t>(4 * width * height)});
          stbi_image_free(rgba);
          const auto image = decoded(file);
          ASSERT_TRUE(image.ok()) << what << ": " << image.status().message();
          EXPECT_EQ(image->width, width);
          EXPECT_EQ(image->height, height);
          EXPECT_EQ(image->format, PixelFormat::kRgb);
          EXPECT_EQ(image->pixels, expected) << what;
        }
      }
    }
  }
}

// A zlib stream that inflates to `size` zeros: one literal, then matches of 258 at distance one, by fixed codes (RFC
// 1951, 3.2.6): 11000101 and five bits of distance, which are 0.
std::string deflated_zeros(size_t size) {
  std::string out = "\x78\x01";
  uint32_t bits = 0;
  int count = 0;
  const auto put = [&](uint32_t code, int length) {  // the first bit is the lowest
    bits |= code << count;
    for (count += length; count >= 8; count -= 8) {
      out += static_cast<char>(bits & 0xff);
      bits >>= 8;
    }
  };
  const auto put_code = [&](uint32_t code, int length) {  // Huffman codes begin with their highest bit
    for (int i = length - 1; i >= 0; --i) put(code >> i & 1, 1);
  };
  put(3, 3);          // the last block, fixed codes
  put_code(0x30, 8);  // a zero
  for (size_t made = 1; made < size; made += 258) {
    put_code(0xc5, 8);  // 258 of them
    put_code(0, 5);
  }
  put_code(0, 7);  // the end
  put(0, 7);
  return out + std::string(4, '\0');
}

// 16x16 pixels whose data, texts and profile are 600 MB each: the picture is read, in the memory that its header asks
// for.
TEST(PngDecode, InflatesWhatTheHeaderAsksForAndNoMore) {
  const std::string bomb = deflated_zeros(size_t{600} << 20);
  const std::string others = png_chunk("iCCP", std::string("icc\0\0", 5) + bomb) +
                             png_chunk("zTXt", std::string("k\0\0", 3) + bomb) +
                             png_chunk("iTXt", std::string("k\0\1\0\0\0", 6) + bomb);
  const std::string palette = png_chunk("PLTE", std::string(3, '\x80')), data = png_chunk("IDAT", bomb);
  int64_t before = 0;
  for (const Kind& kind : {Kind{0, 1}, {2, 8}, {3, 8}, {6, 16}}) {
    for (const bool interlaced : {false, true}) {
      const std::string file =
          png_file({png_header(16, 16, kind.depth, kind.colour, interlaced), others, palette, data});
      if (before == 0) before = peak_resident_bytes();
      const auto image = decoded(file);
      ASSERT_TRUE(image.ok()) << image.status().message();
      ASSERT_TRUE(read_texts(bytes_of(file), "test.png").ok());
      const bool clear = kind.colour >= 4;  // alpha 0 is white
      const uint8_t expected = kind.colour == 3 ? 0x80 : clear ? 255 : 0;
      EXPECT_EQ(image->pixels, std::vector<uint8_t>(size_t{3} * 16 * 16, expected));
    }
  }
  EXPECT_LT(peak_resident_bytes() - before,
            int64_t{400} << 20);  // of which address sanitizer keeps 256 MB that were freed
}

TEST(PngDecode, NamesWhatIsWrong) {
  const auto expect_refused = [](const std::vector<std::string>& chunks, const std::string& saying) {
    const auto image = decoded(png_file(chunks));
    EXPECT_EQ(image.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(image.status().message().find("test.png"), std::string::npos) << image.status().message();
    EXPECT_NE(image.status().message().find(saying), std::string::npos) << image.status().message();
  };
  const std::string data = png_chunk("IDAT", deflated(std::string(1000, '\0')));
  const std::string good = png_header(8, 8, 8, 2, false);
  EXPECT_TRUE(decoded(png_file({good, data})).ok());
  expect_refused({good}, "without data");
  expect_refused({good, png_chunk("IDAT", "")}, "cannot be decoded");
  expect_refused({good, png_chunk("IDAT", "no zlib stream")}, "cannot be decoded");
  expect_refused({good, png_chunk("IDAT", deflated(std::string(199, '\0')))}, "199 bytes; expected 200");
  expect_refused({good, png_chunk("IDAT", deflated(std::string(200, '\5')))}, "filter 5");
  expect_refused({good, png_chunk("NEWS", ""), data}, "chunk NEWS");
  EXPECT_TRUE(decoded(png_file({good, png_chunk("neWs", ""), data})).ok());
  expect_refused({png_header(8, 8, 8, 3, false), data}, "its palette lacks");
  for (const auto& [depth, colour] : {std::pair(3, 0), {16, 3}, {4, 2}, {8, 1}, {8, 5}, {8, 7}, {0, 0}, {32, 2}})
    expect_refused({png_header(8, 8, depth, colour, false), data}, "colour type " + std::to_string(colour));
  expect_refused({png_header(0, 8, 8, 2, false), data}, "without pixels");
  expect_refused({png_header(8, 0, 8, 2, false), data}, "without pixels");
  expect_refused({png_header(20000, 1, 8, 2, false), data}, "too large: 20000x1");
  expect_refused({png_header(0xffffffffu, 0xffffffffu, 16, 6, true), data}, "too large");
}

}  // namespace
}  // namespace mobilediffusion
