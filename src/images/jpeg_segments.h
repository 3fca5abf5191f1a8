// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A JPEG's segments (ITU T.81, annex B): markers, and what stands behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mobilediffusion {

struct JpegSegment {
  static constexpr uint8_t kHuffmanTables = 0xc4, kEnd = 0xd9, kScan = 0xda, kExif = 0xe1, kComment = 0xfe;
  uint8_t marker = 0;
  std::span<const uint8_t> body;  // without marker and length; of kEnd empty
};

// The segment that begins at `at`, which moves behind it. Nothing where there is no marker, or its length does not fit.
inline std::optional<JpegSegment> next_segment(std::span<const uint8_t> jpeg, size_t& at) {
  while (at + 1 < jpeg.size() && jpeg[at] == 0xff && jpeg[at + 1] == 0xff) ++at;  // a marker may be filled up in front
  if (at + 1 >= jpeg.size() || jpeg[at] != 0xff) return std::nullopt;
  JpegSegment segment{jpeg[at + 1], {}};
  if (segment.marker == JpegSegment::kEnd) {
    at += 2;
    return segment;
  }
  if (at + 4 > jpeg.size()) return std::nullopt;
  const size_t length = size_t{jpeg[at + 2]} << 8 | jpeg[at + 3];  // its own two bytes included
  if (length < 2 || length > jpeg.size() - at - 2) return std::nullopt;
  segment.body = jpeg.subspan(at + 4, length - 2);
  at += 2 + length;
  return segment;
}

}  // namespace mobilediffusion
