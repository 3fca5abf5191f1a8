// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG and JPEG files to pixels. stb_image decodes; what it would let pass, a file that ends too early or a checksum
// that is wrong, is found before it is asked.
#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/files/file_io.h"
#include "src/images/exif.h"
#include "src/images/jpeg_segments.h"
#include "src/images/png.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include "stb_image.h"
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace mobilediffusion {
namespace {

constexpr size_t kMostBytes = size_t{256} << 20;
constexpr int kLargestSide = 1 << 14;
constexpr int64_t kMostPixels = int64_t{1} << 26;

Status invalid(const std::string& what) { return Status(StatusCode::kInvalidArgument, what); }

bool begins_with(std::span<const uint8_t> bytes, std::initializer_list<uint8_t> start) {
  return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
}

// Whether each of a segment's Huffman tables (ITU T.81, B.2.4.2) has 256 codes at most: older versions of stb_image
// write more than that behind their tables.
bool huffman_tables_fit(std::span<const uint8_t> segment) {
  constexpr size_t kHead = 17, kMostCodes = 256;  // the table's number and how many codes there are of each length
  while (!segment.empty()) {
    if (segment.size() < kHead) return false;
    const size_t codes = std::accumulate(segment.begin() + 1, segment.begin() + kHead, size_t{0});
    if (codes > kMostCodes || segment.size() - kHead < codes) return false;
    segment = segment.subspan(kHead + codes);
  }
  return true;
}

// Whether a JPEG's markers (ITU T.81, annex B) lead to the end of its picture, and its Huffman tables are sound.
bool jpeg_is_sound(std::span<const uint8_t> bytes) {
  size_t at = 2;
  while (const std::optional<JpegSegment> segment = next_segment(bytes, at)) {
    if (segment->marker == JpegSegment::kEnd) return true;
    if (segment->marker == JpegSegment::kHuffmanTables && !huffman_tables_fit(segment->body)) return false;
    if (segment->marker != JpegSegment::kScan) continue;
    // Behind a scan's header its data, in which 0xff is followed by 0, or by one of eight restart markers.
    const auto is_data = [&](size_t i) {
      return bytes[i] != 0xff || bytes[i + 1] == 0 || (bytes[i + 1] >= 0xd0 && bytes[i + 1] <= 0xd7);
    };
    while (at + 1 < bytes.size() && is_data(at)) ++at;
  }
  return false;
}

// Colours over white, where a pixel is not opaque.
void flatten(std::span<const uint8_t> rgba, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i < rgb.size(); ++i) {
    const int alpha = rgba[i / 3 * 4 + 3], value = rgba[i / 3 * 4 + i % 3];
    rgb[i] = static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

Result<Image> decode(std::span<const uint8_t> bytes, const std::string& path) {
  const bool png = begins_with(bytes, {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
  if (!png && !begins_with(bytes, {0xff, 0xd8, 0xff})) return invalid(path + " is neither a PNG nor a JPEG");
  if (png) {
    if (const Result<std::vector<PngText>> walked = read_texts(bytes, path); !walked.ok()) return walked.status();
  } else if (!jpeg_is_sound(bytes)) {
    return invalid(path + " is damaged or truncated: a JPEG's markers, tables and end do not follow one another");
  }

  Image image;
  int channels = 0;
  const auto size = static_cast<int>(bytes.size());
  const auto failed = [&] { return invalid(path + " cannot be decoded: " + stbi_failure_reason()); };
  if (stbi_info_from_memory(bytes.data(), size, &image.width, &image.height, &channels) == 0) return failed();
  if (image.width > kLargestSide || image.height > kLargestSide || int64_t{image.width} * image.height > kMostPixels) {
    return invalid(path + " is too large: " + std::to_string(image.width) + "x" + std::to_string(image.height) +
                   "; at most " + std::to_string(kLargestSide) + " a side and " + std::to_string(kMostPixels) +
                   " pixels are read");
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> rgba(
      stbi_load_from_memory(bytes.data(), size, &image.width, &image.height, &channels, STBI_rgb_alpha),
      &stbi_image_free);
  if (rgba == nullptr) {
    if (std::strcmp(stbi_failure_reason(), "outofmem") == 0) throw std::bad_alloc();
    return failed();
  }
  const auto pixels = static_cast<size_t>(image.width) * static_cast<size_t>(image.height);
  image.pixels.resize(3 * pixels);
  flatten({rgba.get(), 4 * pixels}, image.pixels);
  return png ? image : upright(std::move(image), exif_orientation(bytes));
}

}  // namespace

Result<Image> read_image(const std::string& path) {
  try {
    const Result<std::vector<uint8_t>> bytes = read_file(path, kMostBytes);
    if (!bytes.ok()) return bytes.status();
    return decode(*bytes, path);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, error.what());
  }
}

}  // namespace mobilediffusion
