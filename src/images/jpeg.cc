// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/jpeg.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "src/features/features.h"
#include "src/files/json_document.h"
#include "src/files/json_text.h"
#include "src/images/exif.h"
#include "src/images/jpeg_segments.h"
#include "src/images/picture_size.h"
#include "src/images/stb.h"

namespace mobilediffusion {
namespace {

constexpr size_t kFullBody = 65533;  // of a segment, whose 16 bits of length count themselves
constexpr size_t kMostScans = 100;   // a progressive picture has about ten, and each costs a pass over all of it
constexpr std::string_view kXmpName("http://ns.adobe.com/xap/1.0/\0", 29);

void append_segment(std::vector<uint8_t>& out, uint8_t marker, std::string_view body) {
  const size_t length = body.size() + 2;
  for (const size_t byte : {size_t{0xff}, size_t{marker}, length >> 8, length & 0xff})
    out.push_back(static_cast<uint8_t>(byte));
  out.insert(out.end(), body.begin(), body.end());
}

std::string to_json(std::span<const TextEntry> texts) {
  JsonObjectText object;
  for (const TextEntry& entry : texts) {
    if (entry.keyword != kXmpKeyword) object.add(entry.keyword, json_string(entry.text));
  }
  return object.text();
}

// Nothing where a comment is no such object.
std::optional<std::vector<TextEntry>> from_json(std::string_view comment) {
  const JsonDocument document(comment);
  const nlohmann::json& object = document.root();
  if (!object.is_object() || !object.contains("Software")) return std::nullopt;
  std::vector<TextEntry> texts;
  for (const auto& member : document.in_order(object)) {
    if (member->is_string()) texts.push_back({member.key(), member->get<std::string>()});
  }
  return texts;
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

}  // namespace

std::vector<uint8_t> insert_jpeg_texts(std::span<const uint8_t> jpeg, std::span<const TextEntry> texts) {
  size_t head = 2;
  next_segment(jpeg, head);  // JFIF's, which comes first by its own standard
  std::vector<uint8_t> out(jpeg.begin(), jpeg.begin() + static_cast<std::ptrdiff_t>(head));
  for (const TextEntry& entry : texts) {
    if (entry.keyword == kXmpKeyword) append_segment(out, JpegSegment::kExif, std::string(kXmpName) + entry.text);
  }
  const std::string json = to_json(texts);
  std::string_view rest = json;
  while (rest.size() >= kFullBody) {
    append_segment(out, JpegSegment::kComment, rest.substr(0, kFullBody));
    rest.remove_prefix(kFullBody);
  }
  append_segment(out, JpegSegment::kComment, rest);
  out.insert(out.end(), jpeg.begin() + static_cast<std::ptrdiff_t>(head), jpeg.end());
  return out;
}

Result<std::vector<TextEntry>> read_jpeg_texts(std::span<const uint8_t> jpeg, const std::string& origin) {
  if constexpr (!features::kJpeg) return features::missing("JPEGs");
  if (Status status = check_jpeg(jpeg, origin); !status.ok()) return status;
  std::string comment;
  size_t at = 2;
  while (const std::optional<JpegSegment> segment = next_segment(jpeg, at)) {
    if (segment->marker == JpegSegment::kScan || segment->marker == JpegSegment::kEnd) break;
    if (segment->marker != JpegSegment::kComment) continue;
    comment.append(segment->body.begin(), segment->body.end());
    if (segment->body.size() == kFullBody) continue;
    if (std::optional<std::vector<TextEntry>> texts = from_json(comment)) return std::move(*texts);
    comment.clear();
  }
  return std::vector<TextEntry>();
}

Status check_jpeg(std::span<const uint8_t> jpeg, const std::string& origin) {
  const auto damaged = [&origin](const std::string& what) {
    return Status(StatusCode::kInvalidArgument, origin + " is damaged or truncated: " + what);
  };
  size_t at = 2, scans = 0;
  while (const std::optional<JpegSegment> segment = next_segment(jpeg, at)) {
    if (segment->marker == JpegSegment::kEnd) return {};
    if (segment->marker == JpegSegment::kHuffmanTables && !huffman_tables_fit(segment->body)) break;
    if (segment->marker != JpegSegment::kScan) continue;
    if (++scans > kMostScans) return damaged("a JPEG of more than " + std::to_string(kMostScans) + " scans");
    // Behind a scan's header its data, in which 0xff is followed by 0, or by one of eight restart markers.
    const auto is_data = [&](size_t i) {
      return jpeg[i] != 0xff || jpeg[i + 1] == 0 || (jpeg[i + 1] >= 0xd0 && jpeg[i + 1] <= 0xd7);
    };
    while (at + 1 < jpeg.size() && is_data(at)) ++at;
  }
  return damaged("a JPEG's markers, tables and end do not follow one another");
}

Result<Image> decode_jpeg(std::span<const uint8_t> jpeg, const std::string& origin) {
  if constexpr (!features::kJpeg) return features::missing("JPEGs");
  if (Status status = check_jpeg(jpeg, origin); !status.ok()) return status;
  const auto failed = [&origin](const std::string& reason) {
    return Status(StatusCode::kInvalidArgument, origin + " cannot be decoded: " + reason);
  };
  Image image;
  if (const std::string reason = stb_jpeg_size(jpeg, &image.width, &image.height); !reason.empty())
    return failed(reason);
  if (Status status = check_picture_size(image.width, image.height, origin); !status.ok()) return status;
  // Of each block of 8x8 pixels at least one bit stands in the file.
  const int64_t blocks = (int64_t{image.width} + 7) / 8 * ((int64_t{image.height} + 7) / 8);
  if (static_cast<int64_t>(jpeg.size()) * 8 < blocks)
    return failed("its " + std::to_string(jpeg.size()) + " bytes are too few for " + std::to_string(image.width) + "x" +
                  std::to_string(image.height) + " pixels");
  if (const std::string reason = stb_jpeg_pixels(jpeg, image.width, image.height, &image.pixels); !reason.empty())
    return failed(reason);
  return upright(std::move(image), exif_orientation(jpeg));
}

}  // namespace mobilediffusion
