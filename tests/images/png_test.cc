// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures written, decoded by stb_image, and walked by our own reader; and files that lie.
#include "src/images/png.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/pipeline.h"
#include "src/files/file_io.h"
#include "src/images/provenance.h"
#include "tests/failing_new.h"
#include "tests/temporary_folder.h"

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

Image picture(int width, int height, PixelFormat format) {
  Image image;
  image.width = width;
  image.height = height;
  image.format = format;
  const int channels = static_cast<int>(format);
  image.pixels.resize(static_cast<size_t>(width * height * channels));
  uint32_t noise = 1;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    noise = noise * 1664525u + 1013904223u;
    // Smooth at the top, noisy at the bottom, so that every filter and both kinds of Huffman code come up.
    const bool smooth = i < image.pixels.size() / 2;
    image.pixels[i] = static_cast<uint8_t>(smooth ? i / 7 : noise >> 24);
    if (channels == 4 && i % 4 == 3) image.pixels[i] = 255;
  }
  image.provenance = {.prompt = "two red boats at sunset",
                      .negative_prompt = "",
                      .model = "some-model",
                      .seed = 18446744073709551615u,
                      .steps = 1,
                      .guidance = 1.0f};
  return image;
}

std::vector<uint8_t> encoded(const Image& image, bool metadata = true) {
  auto png = image.encode_png({.metadata = metadata});
  EXPECT_TRUE(png.ok()) << png.status().message();
  return png.ok() ? *png : std::vector<uint8_t>();
}

void expect_decodes_to(const std::vector<uint8_t>& png, const Image& image) {
  int width = 0, height = 0, channels = 0;
  stbi_uc* pixels = stbi_load_from_memory(png.data(), static_cast<int>(png.size()), &width, &height, &channels, 0);
  ASSERT_NE(pixels, nullptr) << stbi_failure_reason();
  EXPECT_EQ(width, image.width);
  EXPECT_EQ(height, image.height);
  EXPECT_EQ(channels, static_cast<int>(image.format));
  EXPECT_EQ(std::vector<uint8_t>(pixels, pixels + image.pixels.size()), image.pixels);
  stbi_image_free(pixels);
}

std::string text_of(const std::vector<uint8_t>& png, const std::string& keyword) {
  const auto texts = read_texts(png, "test");
  EXPECT_TRUE(texts.ok()) << texts.status().message();
  if (texts.ok()) {
    for (const TextEntry& entry : *texts) {
      if (entry.keyword == keyword) return entry.text;
    }
  }
  return "(none)";
}

Result<Provenance> back(const std::vector<uint8_t>& png) {
  const auto texts = read_texts(png, "test");
  if (!texts.ok()) return texts.status();
  return provenance_of(*texts, "test");
}

uint32_t crc(const uint8_t* bytes, size_t size) {  // the slow one of the specification, bit by bit
  uint32_t c = 0xffffffffu;
  for (size_t i = 0; i < size; ++i) {
    c ^= bytes[i];
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? (c >> 1) ^ 0xedb88320u : c >> 1;
  }
  return ~c;
}

std::vector<uint8_t> chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  std::vector<uint8_t> out(4 + body.size() + 4);
  const auto put = [](uint32_t value, uint8_t* at) {
    for (int i = 0; i < 4; ++i) at[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  };
  put(static_cast<uint32_t>(data.size()), out.data());
  std::copy(body.begin(), body.end(), out.begin() + 4);
  put(crc(reinterpret_cast<const uint8_t*>(body.data()), body.size()), out.data() + 4 + body.size());
  return out;
}

// A PNG of those chunks, between an IHDR and an IEND.
std::vector<uint8_t> png_of(const std::vector<std::vector<uint8_t>>& chunks) {
  std::vector<uint8_t> out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const auto add = [&out](const std::vector<uint8_t>& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  add(chunk("IHDR", std::string("\0\0\0\1\0\0\0\1\10\2\0\0\0", 13)));
  for (const auto& bytes : chunks) add(bytes);
  add(chunk("IEND", ""));
  return out;
}

std::string itxt(const std::string& keyword, const std::string& text) { return keyword + std::string(5, '\0') + text; }

TEST(Png, DecodesToWhatWasEncoded) {
  for (const PixelFormat format : {PixelFormat::kRgb, PixelFormat::kRgba}) {
    const std::pair<int, int> sizes[] = {{1, 1}, {1, 7}, {7, 1}, {128, 96}, {331, 257}};
    for (const auto& [width, height] : sizes) {
      const Image image = picture(width, height, format);
      expect_decodes_to(encoded(image), image);
      expect_decodes_to(encoded(image, false), image);
    }
  }
}

TEST(Png, SaysHowItWasMade) {
  Image image = picture(16, 16, PixelFormat::kRgb);
  image.provenance.guidance = 7.1f;
  image.provenance.sampler = "euler-a";
  image.provenance.noise = "torch";
  image.provenance.steps = 4;
  image.provenance.negative_prompt = "rain";
  image.provenance.loras = {"a b.safetensors:0.8", "c.safetensors:1"};
  image.provenance.strength = 0.65;
  const std::vector<uint8_t> png = encoded(image);
  const auto made = back(png);
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->prompt, "two red boats at sunset");
  EXPECT_EQ(made->negative_prompt, "rain");
  EXPECT_EQ(made->model, "some-model");
  EXPECT_EQ(made->seed, 18446744073709551615u);
  EXPECT_EQ(made->steps, 4);
  EXPECT_EQ(made->guidance, 7.1f);
  EXPECT_EQ(made->sampler, "euler-a");
  EXPECT_EQ(made->noise, "torch");
  EXPECT_EQ(made->loras, image.provenance.loras);
  EXPECT_EQ(made->strength, 0.65);
  EXPECT_EQ(text_of(png, "guidance"), "7.1");
  EXPECT_EQ(text_of(png, "strength"), "0.65");
  EXPECT_EQ(text_of(encoded(picture(2, 2, PixelFormat::kRgb)), "strength"), "(none)");
  EXPECT_EQ(text_of(png, "Software").rfind("MobileDiffusion for C++ ", 0), 0u);
  EXPECT_EQ(text_of(encoded(picture(2, 2, PixelFormat::kRgb)), "negative_prompt"), "(none)");
}

TEST(Png, CarriesTheIptcMark) {
  Image image = picture(16, 16, PixelFormat::kRgb);
  image.provenance.prompt = "a <b> & \"c\" 'd' \x01\xef\xbf\xbe \xf0\x9f\x90\xbb";
  const std::string xmp = text_of(encoded(image), "XML:com.adobe.xmp");
  EXPECT_NE(xmp.find("<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/"
                     "trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>"),
            std::string::npos);
  EXPECT_NE(xmp.find("xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""), std::string::npos);
  EXPECT_NE(xmp.find(">a &lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;  \xf0\x9f\x90\xbb</rdf:li>"), std::string::npos)
      << xmp;
  EXPECT_NE(xmp.find("<xmp:CreatorTool>MobileDiffusion for C++ "), std::string::npos);
  EXPECT_NE(xmp.find("<Iptc4xmpExt:AISystemUsed>MobileDiffusion for C++"), std::string::npos);
  EXPECT_NE(xmp.find("<Iptc4xmpExt:AISystemVersionUsed>" + std::string(version()) + "<"), std::string::npos);
  EXPECT_NE(xmp.find("<Iptc4xmpExt:AIPromptInformation>a &lt;b&gt; &amp;"), std::string::npos) << xmp;
  EXPECT_NE(xmp.find("<stEvt:action>created</stEvt:action><stEvt:softwareAgent>MobileDiffusion for C++ "),
            std::string::npos);
}

TEST(Png, SaysNothingWhenToldNotTo) {
  const std::vector<uint8_t> png = encoded(picture(16, 16, PixelFormat::kRgb), false);
  const auto texts = read_texts(png, "test");
  ASSERT_TRUE(texts.ok());
  EXPECT_TRUE(texts->empty());
  const auto made = back(png);
  EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(made.status().message().find("not one of ours"), std::string::npos);
}

TEST(Png, KeepsAnyPrompt) {
  const std::string replacement = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"\xf0\x9f\x8c\x85 d\xc3\xa9j\xc3\xa0 \xe8\x88\xb9", "\xf0\x9f\x8c\x85 d\xc3\xa9j\xc3\xa0 \xe8\x88\xb9"},
      {"line\nline\r\n\ttab \x1b[31m \x7f", "line\nline\r\n\ttab \x1b[31m \x7f"},
      {std::string("a\0b\0", 4), "a" + replacement + "b" + replacement},
      {"\xff\xc3", replacement + replacement},
      {std::string(1 << 20, 'x') + "\xe8\x88\xb9", std::string(1 << 20, 'x') + "\xe8\x88\xb9"},
  };
  for (const auto& [prompt, expected] : rows) {
    Image image = picture(8, 8, PixelFormat::kRgb);
    image.provenance.prompt = prompt;
    const std::vector<uint8_t> png = encoded(image);
    expect_decodes_to(png, image);
    const auto made = back(png);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->prompt, expected);
  }
}

TEST(Utf8, IsCleanedToTheLetter) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(clean_utf8("\xc3\xa4\xe2\x82\xac\xf4\x8f\xbf\xbf"), "\xc3\xa4\xe2\x82\xac\xf4\x8f\xbf\xbf");
  EXPECT_EQ(clean_utf8("\xc0\x80"), r + r);                  // overlong NUL
  EXPECT_EQ(clean_utf8("\xe0\x80\xaf"), r + r + r);          // overlong slash
  EXPECT_EQ(clean_utf8("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(clean_utf8("\xf4\x90\x80\x80"), r + r + r + r);  // beyond U+10FFFF
  EXPECT_EQ(clean_utf8("a\xe2\x82"), "a" + r + r);           // cut short
  EXPECT_EQ(clean_utf8("\x80z"), r + "z");
  EXPECT_EQ(escape_xml("\r\n\t\x02\x1f"), "&#13;\n\t");
  EXPECT_EQ(escape_xml("\xff"), r);
}

TEST(Png, RefusesImagesThatAreNone) {
  const auto code = [](Image image) { return image.encode_png().status().code(); };
  EXPECT_EQ(code(Image()), StatusCode::kInvalidArgument);
  Image image = picture(4, 4, PixelFormat::kRgb);
  image.height = 5;
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  image = picture(4, 4, PixelFormat::kRgb);
  image.width = -4;
  image.height = -4;
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  image = picture(4, 4, PixelFormat::kRgb);
  for (const int format : {-1, 0, 1, 2, 5, 2147483647}) {
    image.format = static_cast<PixelFormat>(format);
    EXPECT_EQ(image.encode_png().status().message(), "format " + std::to_string(format) + " is not one of image.h");
    EXPECT_EQ(image.encode_jpeg().status().code(), StatusCode::kInvalidArgument);
  }
  image = picture(4, 4, PixelFormat::kRgb);
  image.width = image.height = 2147483647;
  EXPECT_EQ(code(image), StatusCode::kInvalidArgument);
  EXPECT_EQ(Image().save("never-written.png").code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(fs::exists("never-written.png"));
}

TEST(Png, ReadsOnlyWhatIsWholeAndTrue) {
  const std::vector<uint8_t> good = encoded(picture(9, 9, PixelFormat::kRgb));
  ASSERT_TRUE(back(good).ok());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(read_texts(std::span(good).first(size), "test").ok()) << size;
  }
  // No flipped bit gets past the checksums, wherever it is.
  for (size_t at = 0; at < good.size(); ++at) {
    std::vector<uint8_t> bad = good;
    bad[at] ^= static_cast<uint8_t>(1u << (at % 8));
    EXPECT_FALSE(read_texts(bad, "test").ok()) << at;
  }
  std::vector<uint8_t> more = good;
  more.push_back(0);
  EXPECT_TRUE(back(more).ok());
}

TEST(Png, BearsHostileChunks) {
  const auto texts = [](const std::vector<uint8_t>& png) { return read_texts(png, "hostile.png"); };
  const std::string ours[] = {itxt("Software", "MobileDiffusion for C++ 1.0.0"), itxt("prompt", "a"),
                              itxt("seed", "1")};
  const auto ours_and = [&](const std::string& data) {
    return back(png_of({chunk("iTXt", ours[0]), chunk("iTXt", ours[1]), chunk("iTXt", data), chunk("iTXt", ours[2])}));
  };
  // Odd iTXt chunks are passed over.
  for (const std::string& data :
       {std::string(), std::string("x"), std::string(1, '\0'), std::string("seed\0", 5), std::string("seed\0\0", 6),
        std::string("seed\0\0\0", 7), std::string("seed\0\0\0\0", 8), std::string("seed\0\1\0\0\0zip", 12),
        itxt(std::string(80, 'k'), "v"), itxt("", "v")}) {
    const auto made = ours_and(data);
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->seed, 1u);
  }
  // Numbers that are none are named.
  for (const char* seed : {"", "-1", "1x", " 1", "0x10", "99999999999999999999", "\xff"}) {
    const auto made = ours_and(itxt("seed", seed));
    EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument) << seed;
    EXPECT_NE(made.status().message().find("as seed"), std::string::npos) << made.status().message();
  }
  EXPECT_FALSE(ours_and(itxt("steps", "1.5")).ok());
  EXPECT_FALSE(ours_and(itxt("guidance", "7,5")).ok());
  EXPECT_FALSE(ours_and(itxt("guidance", "")).ok());
  EXPECT_EQ(ours_and(itxt("model", "m\xff"))->model, "m\xef\xbf\xbd");
  EXPECT_EQ(ours_and(itxt("prompt", "second"))->prompt, "a");
  // Ours by its keys, but not by its program.
  EXPECT_FALSE(back(png_of({chunk("iTXt", ours[1]), chunk("iTXt", ours[2])})).ok());
  EXPECT_FALSE(
      back(png_of({chunk("iTXt", itxt("Software", "Other")), chunk("iTXt", ours[1]), chunk("iTXt", ours[2])})).ok());

  std::vector<uint8_t> lying = png_of({});
  lying[8] = 0xff;  // IHDR's length
  EXPECT_NE(texts(lying).status().message().find("hostile.png: a damaged PNG"), std::string::npos);
  lying = png_of({chunk("iT\xff!", "")});
  EXPECT_FALSE(texts(lying).ok());
  std::vector<uint8_t> no_ihdr(lying.begin(), lying.begin() + 8);
  const std::vector<uint8_t> end = chunk("IEND", "");
  no_ihdr.insert(no_ihdr.end(), end.begin(), end.end());
  EXPECT_NE(texts(no_ihdr).status().message().find("expected IHDR"), std::string::npos);
}

// Whatever allocation fails, stb's included: kOutOfMemory, nothing leaks (the sanitizer looks), and the next try works.
TEST(Png, BearsEveryFailedAllocation) {
  const Image image = picture(24, 24, PixelFormat::kRgb);
  long allowed = 0;
  for (;; ++allowed) {
    g_allocations_left = allowed;
    const auto png = image.encode_png();
    const bool ok = png.ok();
    const StatusCode code = png.status().code();
    g_allocations_left = -1;
    if (ok) break;
    ASSERT_EQ(code, StatusCode::kOutOfMemory) << allowed;
  }
  EXPECT_GT(allowed, 20);
  expect_decodes_to(encoded(image), image);
}

class SavedPng : public testing::Test {
 protected:
  std::string path(const char* leaf) const { return folder_.path(leaf); }
  const TemporaryFolder folder_;
};

TEST_F(SavedPng, ComesBack) {
  const Image image = picture(40, 30, PixelFormat::kRgba);
  ASSERT_TRUE(image.save(path("a.png")).ok());
  const auto made = read_provenance(path("a.png"));
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_EQ(made->prompt, image.provenance.prompt);
  const auto bytes = read_file(path("a.png"), 1 << 20);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, encoded(image));
}

TEST_F(SavedPng, TellsWhyNot) {
  EXPECT_EQ(read_provenance(path("none.png")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(read_provenance(folder_.path()).status().code(), StatusCode::kIoError);
  const std::string text = "not a picture";
  ASSERT_TRUE(write_file_atomically(path("t.png"), {reinterpret_cast<const uint8_t*>(text.data()), text.size()}).ok());
  const auto made = read_provenance(path("t.png"));
  EXPECT_EQ(made.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(made.status().message(), path("t.png") + ": neither a PNG nor a JPEG");
  const Status missing = picture(2, 2, PixelFormat::kRgb).save(path("no/a.png"));
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_NE(missing.message().find(path("no/a.png")), std::string::npos);
}

}  // namespace
}  // namespace mobilediffusion
