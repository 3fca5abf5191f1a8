// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/exif.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "src/images/jpeg_segments.h"

namespace mobilediffusion {
namespace {

constexpr int kAsItIs = 1;

// TIFF's numbers, in whichever order of bytes the file chose; 0 where they lie outside.
class Tiff {
 public:
  explicit Tiff(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool little_endian() const { return text(0, 4) == std::string_view("II*\0", 4); }
  bool valid() const { return little_endian() || text(0, 4) == std::string_view("MM\0*", 4); }
  uint32_t u16(size_t at) const { return number(at, 2); }
  uint32_t u32(size_t at) const { return number(at, 4); }

  uint32_t number(size_t at, size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | bytes_[at + (little_endian() ? size - 1 - i : i)];
    return value;
  }

 private:
  std::string_view text(size_t at, size_t size) const {
    if (at + size > bytes_.size()) return {};
    return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
  }

  std::span<const uint8_t> bytes_;
};

// Bytes of a directory's value, by TIFF's number of its type: of the whole numbers alone, since some writers store the
// orientation as another than the standard's SHORT. 0: none of these.
size_t whole_number_bytes(uint32_t type) {
  switch (type) {
    case 1:  // BYTE
    case 6:  // SBYTE
      return 1;
    case 3:  // SHORT
    case 8:  // SSHORT
      return 2;
    case 4:  // LONG
    case 9:  // SLONG
      return 4;
    default:
      return 0;
  }
}

}  // namespace

int exif_orientation(std::span<const uint8_t> jpeg) {
  constexpr std::string_view kName("Exif\0\0", 6);
  size_t at = 2;
  while (const std::optional<JpegSegment> segment = next_segment(jpeg, at)) {
    if (segment->marker == JpegSegment::kScan || segment->marker == JpegSegment::kEnd) break;
    const std::span<const uint8_t> body = segment->body;
    if (segment->marker == JpegSegment::kExif && body.size() >= kName.size() &&
        std::equal(kName.begin(), kName.end(), body.begin()))
      return tiff_orientation(body.subspan(kName.size()));
  }
  return kAsItIs;
}

int tiff_orientation(std::span<const uint8_t> bytes) {
  constexpr uint32_t kOrientation = 0x0112;
  constexpr size_t kEntry = 12;  // tag, type, count, and the value where it is of four bytes at most
  const Tiff tiff(bytes);
  if (!tiff.valid()) return kAsItIs;
  const size_t directory = tiff.u32(4);
  for (uint32_t i = 0; i < tiff.u16(directory); ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (tiff.u16(entry) != kOrientation) continue;
    const size_t size = whole_number_bytes(tiff.u16(entry + 2));
    if (size == 0 || tiff.u32(entry + 4) != 1) continue;
    const uint32_t found = tiff.number(entry + 8, size);
    return found >= 1 && found <= 8 ? static_cast<int>(found) : kAsItIs;
  }
  return kAsItIs;
}

Image upright(Image image, int orientation) {
  if (orientation == kAsItIs) return image;
  const int width = image.width, height = image.height;
  const bool transposed = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  if (transposed) std::swap(image.width, image.height);

  const auto channels = static_cast<size_t>(image.format);
  const std::vector<uint8_t> from = std::move(image.pixels);
  image.pixels.clear();
  image.pixels.reserve(from.size());
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const int column = transposed ? y : x, row = transposed ? x : y;
      const auto source = static_cast<size_t>(from_below ? height - 1 - row : row) * static_cast<size_t>(width) +
                          static_cast<size_t>(from_right ? width - 1 - column : column);
      for (size_t c = 0; c < channels; ++c) image.pixels.push_back(from[source * channels + c]);
    }
  }
  return image;
}

}  // namespace mobilediffusion
