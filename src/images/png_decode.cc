// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A PNG's pixels (W3C, "Portable Network Graphics", second edition): sections 4.5 (passes), 7.2 (scanlines), 9
// (filtering), 11.2 and 11.3.2 (chunks).
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "src/images/big_endian.h"
#include "src/images/exif.h"
#include "src/images/over_white.h"
#include "src/images/picture_size.h"
#include "src/images/png.h"
#include "src/images/stb.h"

namespace mobilediffusion {
namespace {

enum ColourType : uint8_t { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgbAlpha = 6 };

struct Header {
  int64_t width = 0, height = 0;
  int depth = 0;
  uint8_t colour = 0;
  bool interlaced = false;

  int channels() const { return colour == kRgb ? 3 : colour == kGreyAlpha ? 2 : colour == kRgbAlpha ? 4 : 1; }
  size_t row_bytes(int64_t pixels) const { return static_cast<size_t>((pixels * channels() * depth + 7) / 8); }
};

// What a decoder reads of a file.
struct Parts {
  Header header;
  std::vector<std::span<const uint8_t>> data;  // IDAT
  std::span<const uint8_t> palette, transparency, exif;
  std::string unknown;  // a critical chunk that we do not know
};

// Every dx-th pixel of every dy-th row, from (x, y) on.
struct Pass {
  int64_t x, y, dx, dy;

  int64_t columns(const Header& header) const { return (header.width - x + dx - 1) / dx; }
  int64_t rows(const Header& header) const { return (header.height - y + dy - 1) / dy; }
};

constexpr Pass kWhole[] = {{0, 0, 1, 1}};
constexpr Pass kAdam7[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                           {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

std::span<const Pass> passes_of(const Header& header) {
  return header.interlaced ? std::span<const Pass>(kAdam7) : std::span<const Pass>(kWhole);
}

// Bytes of the scanlines of all passes, each behind the number of its filter.
size_t scanline_bytes(const Header& header) {
  size_t bytes = 0;
  for (const Pass& pass : passes_of(header)) {
    const int64_t columns = pass.columns(header), rows = pass.rows(header);
    if (columns > 0 && rows > 0) bytes += static_cast<size_t>(rows) * (1 + header.row_bytes(columns));
  }
  return bytes;
}

bool is_known(uint8_t colour, int depth) {
  switch (colour) {
    case kGrey:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case kPalette:
      return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case kRgb:
    case kGreyAlpha:
    case kRgbAlpha:
      return depth == 8 || depth == 16;
    default:
      return false;
  }
}

// The nearer of left, above and above-left to left + above - above-left.
uint8_t paeth(int left, int above, int corner) {
  const int by_left = std::abs(above - corner), by_above = std::abs(left - corner),
            by_corner = std::abs(left + above - 2 * corner);
  if (by_left <= by_above && by_left <= by_corner) return static_cast<uint8_t>(left);
  return static_cast<uint8_t>(by_above <= by_corner ? above : corner);
}

// Takes a filter off a row; `above` is empty over a pass's first row. False where there is no such filter.
bool unfilter(uint8_t filter, std::span<uint8_t> row, std::span<const uint8_t> above, size_t pixel_bytes) {
  if (filter > 4) return false;
  for (size_t i = 0; i < row.size(); ++i) {
    const bool inside = i >= pixel_bytes;
    const int left = inside ? row[i - pixel_bytes] : 0, up = above.empty() ? 0 : above[i];
    int predicted = 0;
    if (filter == 1) predicted = left;
    if (filter == 2) predicted = up;
    if (filter == 3) predicted = (left + up) / 2;
    if (filter == 4) predicted = paeth(left, up, inside && !above.empty() ? above[i - pixel_bytes] : 0);
    row[i] = static_cast<uint8_t>(row[i] + predicted);
  }
  return true;
}

// A row's values to RGB bytes over white.
class Painter {
 public:
  explicit Painter(const Parts& parts) : parts_(parts), header_(parts.header) {
    // A colour that stands for transparency, a number of 16 bits for each channel.
    const size_t channels = header_.colour == kGrey ? 1 : header_.colour == kRgb ? 3 : 0;
    if (channels == 0 || parts.transparency.size() < 2 * channels) return;
    for (size_t c = 0; c < channels; ++c) key_.push_back(big_endian(parts.transparency.subspan(2 * c, 2)));
  }

  // False where it names a colour that the palette lacks.
  bool paint(std::span<const uint8_t> row, int64_t column, uint8_t* rgb) const {
    const size_t channels = static_cast<size_t>(header_.channels()), first = static_cast<size_t>(column) * channels;
    if (header_.colour == kPalette) {
      const size_t index = sample(row, first);
      if (3 * index + 3 > parts_.palette.size()) return false;
      const int alpha = index < parts_.transparency.size() ? parts_.transparency[index] : 255;
      for (size_t c = 0; c < 3; ++c) rgb[c] = over_white(parts_.palette[3 * index + c], alpha);
      return true;
    }
    const bool has_alpha = header_.colour == kGreyAlpha || header_.colour == kRgbAlpha;
    int alpha = has_alpha ? to_byte(sample(row, first + channels - 1)) : 255;
    if (!key_.empty()) {
      bool is_key = true;
      for (size_t c = 0; c < key_.size(); ++c) is_key = is_key && sample(row, first + c) == key_[c];
      if (is_key) alpha = 0;
    }
    const size_t step = channels < 3 ? 0 : 1;  // a grey is all three
    for (size_t c = 0; c < 3; ++c) rgb[c] = over_white(to_byte(sample(row, first + step * c)), alpha);
    return true;
  }

 private:
  uint32_t sample(std::span<const uint8_t> row, size_t i) const {
    if (header_.depth == 8) return row[i];
    if (header_.depth == 16) return big_endian(row.subspan(2 * i, 2));
    const auto depth = static_cast<size_t>(header_.depth);
    const size_t bit = i * depth;
    return row[bit / 8] >> (8 - depth - bit % 8) & ((1u << depth) - 1);
  }

  int to_byte(uint32_t value) const {
    if (header_.depth == 16) return static_cast<int>(value >> 8);
    return static_cast<int>(value * 255 / ((1u << header_.depth) - 1));
  }

  const Parts& parts_;
  const Header& header_;
  std::vector<uint32_t> key_;
};

void take(std::string_view type, std::span<const uint8_t> data, Parts& parts) {
  const auto first = [data](std::span<const uint8_t>& part) {
    if (part.empty()) part = data;
  };
  if (type == "IHDR") {
    parts.header = {big_endian(data.first(4)), big_endian(data.subspan(4, 4)), data[8], data[9], data[12] != 0};
    if (data[10] != 0 || data[11] != 0 || data[12] > 1) parts.unknown = "compression, filtering or interlacing";
  } else if (type == "IDAT") {
    parts.data.push_back(data);
  } else if (type == "PLTE") {
    first(parts.palette);
  } else if (type == "tRNS") {
    first(parts.transparency);
  } else if (type == "eXIf") {
    first(parts.exif);
  } else if (type != "IEND" && type[0] >= 'A' && type[0] <= 'Z') {
    parts.unknown = "chunk " + std::string(type);
  }
}

}  // namespace

Result<Image> decode_png(std::span<const uint8_t> png, const std::string& origin) {
  const auto failed = [&origin](const std::string& reason) {
    return Status(StatusCode::kInvalidArgument, origin + " cannot be decoded: " + reason);
  };
  Parts parts;
  Status walked = walk_png(png, origin,
                           [&parts](std::string_view type, std::span<const uint8_t> data) { take(type, data, parts); });
  if (!walked.ok()) return walked;
  const Header& header = parts.header;
  if (!parts.unknown.empty()) return failed("a PNG's " + parts.unknown + " that is not the standard's");
  if (header.width < 1 || header.height < 1) return failed("a PNG without pixels");
  if (!is_known(header.colour, header.depth)) {
    return failed("no PNG has the colour type " + std::to_string(header.colour) + " in " +
                  std::to_string(header.depth) + " bits");
  }
  if (Status status = check_picture_size(header.width, header.height, origin); !status.ok()) return status;
  if (parts.data.empty()) return failed("a PNG without data");

  std::vector<uint8_t> joined;
  std::span<const uint8_t> zlib = parts.data.front();
  if (parts.data.size() > 1) {
    for (const auto& piece : parts.data) joined.insert(joined.end(), piece.begin(), piece.end());
    zlib = joined;
  }
  std::unique_ptr<uint8_t[]> scanlines;
  const size_t size = scanline_bytes(header);
  if (const std::string reason = stb_inflate(zlib, size, &scanlines); !reason.empty()) return failed(reason);
  joined = {};

  Image image;
  image.width = static_cast<int>(header.width);
  image.height = static_cast<int>(header.height);
  image.pixels.resize(3 * static_cast<size_t>(header.width) * static_cast<size_t>(header.height));
  const Painter painter(parts);
  const size_t pixel_bytes = std::max<size_t>(1, header.row_bytes(1));
  std::span<uint8_t> rest(scanlines.get(), size);
  for (const Pass& pass : passes_of(header)) {
    const int64_t columns = pass.columns(header), rows = pass.rows(header);
    if (columns <= 0) continue;
    std::span<const uint8_t> above;
    for (int64_t y = 0; y < rows; ++y) {
      const std::span<uint8_t> row = rest.subspan(1, header.row_bytes(columns));
      if (!unfilter(rest[0], row, above, pixel_bytes))
        return failed("no PNG has the filter " + std::to_string(rest[0]));
      for (int64_t x = 0; x < columns; ++x) {
        const auto to = static_cast<size_t>((pass.y + y * pass.dy) * header.width + pass.x + x * pass.dx);
        if (!painter.paint(row, x, &image.pixels[3 * to])) return failed("a colour that its palette lacks");
      }
      above = row;
      rest = rest.subspan(1 + row.size());
    }
  }
  const std::span<const uint8_t> exif = parts.exif;
  constexpr std::string_view kName("Exif\0\0", 6);  // of JPEG; some writers keep it
  const bool named = exif.size() >= kName.size() && std::equal(kName.begin(), kName.end(), exif.begin());
  return upright(std::move(image), tiff_orientation(named ? exif.subspan(kName.size()) : exif));
}

}  // namespace mobilediffusion
