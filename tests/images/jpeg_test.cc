// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// JPEGs written: their pixels, what they say of their making, which name makes one.
#include "src/images/jpeg.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/images/file_format.h"
#include "src/images/over_white.h"
#include "src/images/provenance.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

// Waves, blue against red from one pixel to the next in its lower half, so that colour at half the resolution shows.
Image picture(int width, int height, PixelFormat format = PixelFormat::kRgb) {
  Image image;
  image.width = width;
  image.height = height;
  image.format = format;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool striped = 2 * y >= height;
      image.pixels.push_back(static_cast<uint8_t>(striped ? x % 2 * 160 : 128 + 100 * std::sin(0.1 * x)));
      image.pixels.push_back(static_cast<uint8_t>(striped ? 60 : 128 + 100 * std::sin(0.13 * y)));
      image.pixels.push_back(static_cast<uint8_t>(striped ? 160 - x % 2 * 160 : 100));
      if (format == PixelFormat::kRgba) image.pixels.push_back(255);
    }
  }
  image.provenance = {.prompt = "two red boats at sunset", .model = "some-model", .seed = 18446744073709551615u};
  return image;
}

std::vector<uint8_t> encoded(const Image& image, const SaveOptions& options = {}) {
  auto jpeg = image.encode_jpeg(options);
  EXPECT_TRUE(jpeg.ok()) << jpeg.status().message();
  return jpeg.ok() ? *jpeg : std::vector<uint8_t>();
}

double psnr(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.size()) / squares);
}

Result<Provenance> back(const std::vector<uint8_t>& jpeg) {
  const auto texts = read_jpeg_texts(jpeg, "test");
  if (!texts.ok()) return texts.status();
  return provenance_of(*texts, "test");
}

bool holds(const std::vector<uint8_t>& bytes, const std::string& text) {
  return std::search(bytes.begin(), bytes.end(), text.begin(), text.end()) != bytes.end();
}

TEST(Jpeg, DecodesToNearlyWhatWasEncoded) {
  for (const auto& [width, height] : {std::pair(1, 1), {1, 9}, {9, 1}, {64, 48}, {131, 77}}) {
    for (const bool metadata : {false, true}) {
      const Image image = picture(width, height);
      const auto decoded = decode_jpeg(encoded(image, {.metadata = metadata}), "test");
      ASSERT_TRUE(decoded.ok()) << decoded.status().message();
      ASSERT_EQ(decoded->width, width);
      ASSERT_EQ(decoded->height, height);
      EXPECT_GT(psnr(decoded->pixels, image.pixels), 33) << width << "x" << height;
    }
  }
}

TEST(Jpeg, QualityTradesSizeForNearness) {
  const Image image = picture(128, 96);
  std::vector<size_t> sizes;
  std::vector<double> nearness;
  for (const int quality : {1, 30, 90, 91, 95, 100}) {
    const std::vector<uint8_t> jpeg = encoded(image, {.jpeg_quality = quality});
    sizes.push_back(jpeg.size());
    nearness.push_back(psnr(decode_jpeg(jpeg, "test")->pixels, image.pixels));
  }
  EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end()));
  EXPECT_TRUE(std::is_sorted(nearness.begin(), nearness.end()));
  EXPECT_GT(nearness[3], nearness[2] + 10);  // from 91 on colours are whole
  for (const int quality : {0, -1, 101, 2147483647}) {
    const auto jpeg = image.encode_jpeg({.jpeg_quality = quality});
    EXPECT_EQ(jpeg.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(jpeg.status().message().find("jpeg_quality must be 1 to 100, not " + std::to_string(quality)),
              std::string::npos)
        << jpeg.status().message();
    EXPECT_TRUE(image.encode_png({.jpeg_quality = quality}).ok());
  }
}

TEST(Jpeg, TransparencyIsWhite) {
  Image image = picture(64, 48, PixelFormat::kRgba);
  EXPECT_EQ(encoded(image), encoded(picture(64, 48)));
  for (size_t i = 3; i < image.pixels.size(); i += 4) image.pixels[i] = i / 4 % 64 < 32 ? 0 : 128;
  Image flat = picture(64, 48);
  flat.pixels = over_white(image.pixels);
  EXPECT_EQ(encoded(image), encoded(flat));
  EXPECT_EQ(flat.pixels[0], 255);
}

TEST(Jpeg, SaysHowItWasMade) {
  Image image = picture(16, 16);
  image.provenance.guidance = 7.1f;
  image.provenance.steps = 4;
  image.provenance.sampler = "euler-a";
  image.provenance.negative_prompt = "rain \"and\" \\ fog\n\x01";
  image.provenance.loras = {"a b.safetensors:0.8", "c.safetensors:1"};
  image.provenance.strength = 0.65;
  const std::vector<uint8_t> jpeg = encoded(image);
  const auto made = back(jpeg);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->prompt, image.provenance.prompt);
  EXPECT_EQ(made->negative_prompt, image.provenance.negative_prompt);
  EXPECT_EQ(made->model, "some-model");
  EXPECT_EQ(made->seed, 18446744073709551615u);
  EXPECT_EQ(made->steps, 4);
  EXPECT_EQ(made->guidance, 7.1f);
  EXPECT_EQ(made->sampler, "euler-a");
  EXPECT_EQ(made->loras, image.provenance.loras);
  EXPECT_EQ(made->strength, 0.65);
  // The IPTC's mark, in a segment that starts as the standard has it, behind JFIF's.
  EXPECT_TRUE(holds(jpeg, "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"));
  const std::string name("http://ns.adobe.com/xap/1.0/\0<?xpacket begin=", 45);
  EXPECT_TRUE(std::equal(name.begin(), name.end(), jpeg.begin() + 24));
  EXPECT_EQ(jpeg[21], 0xe1);

  const std::vector<uint8_t> silent = encoded(image, {.metadata = false});
  EXPECT_FALSE(holds(silent, "MobileDiffusion"));
  EXPECT_FALSE(holds(silent, "rain"));
  EXPECT_NE(back(silent).status().message().find("not one of ours"), std::string::npos);
}

// Prompts around the length of one comment, whose segments have 65533 bytes, and far beyond.
TEST(Jpeg, KeepsAnyPrompt) {
  const std::string replacement = "\xef\xbf\xbd";
  std::vector<std::pair<std::string, std::string>> rows = {
      {"", ""},
      {"\xf0\x9f\x8c\x85 d\xc3\xa9j\xc3\xa0 \xe8\x88\xb9", "\xf0\x9f\x8c\x85 d\xc3\xa9j\xc3\xa0 \xe8\x88\xb9"},
      {"line\nline\r\n\ttab \x1b[31m \x7f", "line\nline\r\n\ttab \x1b[31m \x7f"},
      {std::string("a\0b\0", 4), "a" + replacement + "b" + replacement},
      {"\xff\xc3", replacement + replacement},
  };
  for (const size_t size : {9998, 9999, 10000, 10001, 70000, 1 << 20}) {
    const std::string long_one = std::string(size, '"') + "\xe8\x88\xb9";
    rows.emplace_back(long_one, long_one);
  }
  for (size_t size = 65200; size < 65540; ++size) rows.emplace_back(std::string(size, 'x'), std::string(size, 'x'));
  Image image = picture(8, 8);
  const auto pixels = decode_jpeg(encoded(image), "test")->pixels;
  for (const auto& [prompt, expected] : rows) {
    image.provenance.prompt = prompt;
    const std::vector<uint8_t> jpeg = encoded(image);
    const auto made = back(jpeg);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->prompt, expected);
    EXPECT_EQ(decode_jpeg(jpeg, "test")->pixels, pixels);
  }
}

TEST(Jpeg, OtherPeoplesCommentsArePassedOver) {
  const std::vector<uint8_t> jpeg = encoded(picture(8, 8));
  for (const std::string& comment :
       {std::string(), std::string("a holiday"), std::string("{\"prompt\": \"theirs\"}"), std::string("[1,"),
        std::string(60000, '['), std::string("{\"Software\": 7, \"prompt\": \"theirs\"}")}) {
    std::vector<uint8_t> more(jpeg.begin(), jpeg.begin() + 20);
    const size_t length = comment.size() + 2;
    for (const size_t byte : {size_t{0xff}, size_t{0xfe}, length >> 8, length & 0xff})
      more.push_back(static_cast<uint8_t>(byte));
    more.insert(more.end(), comment.begin(), comment.end());
    more.insert(more.end(), jpeg.begin() + 20, jpeg.end());
    const auto made = back(more);
    if (comment.find("Software") == std::string::npos) {
      ASSERT_TRUE(made.ok()) << comment.substr(0, 40) << ": " << made.status().message();
      EXPECT_EQ(made->prompt, "two red boats at sunset");
    } else {
      EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
    }
  }
}

TEST(Jpeg, DamageDoesNoHarm) {
  const std::vector<uint8_t> good = encoded(picture(8, 8));
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(back({good.begin(), good.begin() + size}).ok()) << size;
  for (size_t at = 0; at < good.size(); ++at) {
    std::vector<uint8_t> bad = good;
    bad[at] ^= static_cast<uint8_t>(1u << (at % 8));
    const auto made = back(bad);
    EXPECT_TRUE(made.ok() || made.status().code() == StatusCode::kInvalidArgument) << at;
  }
}

TEST(Jpeg, RefusesImagesThatAreNone) {
  const auto code = [](const Image& image) { return image.encode_jpeg().status().code(); };
  EXPECT_EQ(code(Image()), StatusCode::kInvalidArgument);
  Image image = picture(4, 4);
  image.height = 5;
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  image = picture(4, 4);
  image.format = static_cast<PixelFormat>(1);
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  image = picture(4, 4);
  image.width = image.height = 2147483647;
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  image.width = 65536;
  image.height = 1;
  image.pixels.resize(size_t{3} * 65536);
  EXPECT_NE(image.encode_jpeg().status().message().find("65535 at most"), std::string::npos);
  EXPECT_TRUE(image.encode_png().ok());
}

TEST(FileFormat, IsChosenByTheName) {
  const std::pair<const char*, FileFormat> known[] = {
      {"a.png", FileFormat::kPng},       {"a.PNG", FileFormat::kPng},    {"a.jpg", FileFormat::kJpeg},
      {"a.JPG", FileFormat::kJpeg},      {"a.jpeg", FileFormat::kJpeg},  {"b/a.JpEg", FileFormat::kJpeg},
      {"a", FileFormat::kPng},           {"b.jpg/a", FileFormat::kPng},  {"b.gif/a", FileFormat::kPng},
      {"/dev/stdout", FileFormat::kPng}, {".hidden", FileFormat::kPng},  {"a.", FileFormat::kPng},
      {"..", FileFormat::kPng},          {".jpg", FileFormat::kJpeg},    {"b/.png", FileFormat::kPng},
      {"a.png.jpg", FileFormat::kJpeg},  {"a.jpg.png", FileFormat::kPng}};
  for (const auto& [path, expected] : known) {
    const auto format = format_of_path(path);
    ASSERT_TRUE(format.ok()) << path << ": " << format.status().message();
    EXPECT_EQ(*format, expected) << path;
  }
  for (const char* path : {"a.gif", "a.webp", "a.jpg2", "a.jp", "b/a.tiff", "a.png.bak"}) {
    const auto format = format_of_path(path);
    EXPECT_EQ(format.status().code(), StatusCode::kInvalidArgument) << path;
    EXPECT_NE(format.status().message().find(std::string(path) + ": "), std::string::npos);
    EXPECT_NE(format.status().message().find(".png, .jpg and .jpeg"), std::string::npos);
  }
}

TEST(SavedJpeg, ComesBack) {
  const TemporaryFolder folder;
  const Image image = picture(40, 30);
  for (const char* leaf : {"a.jpg", "a.JPEG"}) {
    const std::string path = folder.path(leaf);
    ASSERT_TRUE(image.save(path, {.jpeg_quality = 97}).ok());
    const std::vector<uint8_t> expected = encoded(image, {.jpeg_quality = 97});
    EXPECT_EQ(folder.read(leaf), std::string(expected.begin(), expected.end()));
    const auto made = read_provenance(path);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->prompt, image.provenance.prompt);
    EXPECT_TRUE(read_image(path).ok());
  }
  // Whatever it is called.
  folder.write("b.png", folder.read("a.jpg"));
  EXPECT_TRUE(read_provenance(folder.path("b.png")).ok());
  EXPECT_EQ(image.save(folder.path("a.gif")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(image.save(folder.path("no/a.jpg")).code(), StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder.path("a.gif")));
}

}  // namespace
}  // namespace mobilediffusion
