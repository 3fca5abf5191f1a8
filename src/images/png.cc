// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/png.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "src/images/big_endian.h"

namespace mobilediffusion {
namespace {

constexpr std::array<uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr size_t kIhdrBytes = 13;
constexpr size_t kChunkOverhead = 12;  // length, type, CRC
constexpr uint32_t kMaxChunk = 0x7fffffff;

// CRC-32 of ISO 3309, as the PNG specification's annex D has it.
constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t n = 0; n < 256; ++n) {
    uint32_t c = n;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[n] = c;
  }
  return table;
}();

uint32_t crc_of(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xffffffffu;
  for (uint8_t byte : bytes) crc = kCrcTable[(crc ^ byte) & 0xff] ^ (crc >> 8);
  return ~crc;
}

void append(std::vector<uint8_t>& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

void append_big_endian(std::vector<uint8_t>& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

void append_itxt(std::vector<uint8_t>& out, const TextEntry& entry) {
  // Behind the keyword: its end, no compression, compression method 0, an empty language tag, an empty translation.
  constexpr std::string_view kFlags("\0\0\0\0\0", 5);
  append_big_endian(out, static_cast<uint32_t>(entry.keyword.size() + kFlags.size() + entry.text.size()));
  const size_t begin = out.size();
  append(out, "iTXt");
  append(out, entry.keyword);
  append(out, kFlags);
  append(out, entry.text);
  append_big_endian(out, crc_of(std::span(out).subspan(begin)));
}

// Up to the next NUL, which is taken too.
std::optional<std::string> take_string(std::span<const uint8_t>& data) {
  const auto end = std::find(data.begin(), data.end(), uint8_t{0});
  if (end == data.end()) return std::nullopt;
  std::string taken(data.begin(), end);
  data = data.subspan(taken.size() + 1);
  return taken;
}

// Nothing when it is malformed or compressed: not one of ours then.
std::optional<TextEntry> parse_itxt(std::span<const uint8_t> data) {
  std::optional<std::string> keyword = take_string(data);
  if (!keyword || keyword->empty() || keyword->size() > 79) return std::nullopt;
  if (data.size() < 2 || data[0] != 0 || data[1] != 0) return std::nullopt;
  data = data.subspan(2);
  if (!take_string(data) || !take_string(data)) return std::nullopt;
  return TextEntry{std::move(*keyword), std::string(data.begin(), data.end())};
}

Status damaged(const std::string& origin, const std::string& what) {
  return {StatusCode::kInvalidArgument, origin + ": " + what};
}

}  // namespace

Result<std::vector<uint8_t>> insert_texts(std::span<const uint8_t> png, std::span<const TextEntry> texts) {
  size_t size = png.size();
  for (const TextEntry& entry : texts) {
    if (entry.text.size() > kMaxChunk - 128) {
      return Status(StatusCode::kInvalidArgument, "a PNG cannot hold so long a text: " + entry.keyword + " of " +
                                                      std::to_string(entry.text.size()) + " bytes");
    }
    size += kChunkOverhead + entry.keyword.size() + 5 + entry.text.size();
  }
  const size_t head = kSignature.size() + kChunkOverhead + kIhdrBytes;
  std::vector<uint8_t> out;
  out.reserve(size);
  out.assign(png.begin(), png.begin() + static_cast<std::ptrdiff_t>(head));
  for (const TextEntry& entry : texts) append_itxt(out, entry);
  out.insert(out.end(), png.begin() + static_cast<std::ptrdiff_t>(head), png.end());
  return out;
}

Status walk_png(std::span<const uint8_t> png, const std::string& origin,
                const std::function<void(std::string_view type, std::span<const uint8_t> data)>& chunk) {
  if (png.size() < kSignature.size() || !std::equal(kSignature.begin(), kSignature.end(), png.begin())) {
    return damaged(origin, "not a PNG file");
  }
  for (size_t at = kSignature.size();;) {
    const std::string where = " at byte " + std::to_string(at);
    const std::span<const uint8_t> rest = png.subspan(at);
    if (rest.size() < kChunkOverhead) return damaged(origin, "a truncated PNG: expected a chunk" + where);
    const uint32_t length = big_endian(rest.first(4));
    if (length > kMaxChunk || length > rest.size() - kChunkOverhead) {
      return damaged(origin, "a damaged PNG: the chunk" + where + " claims " + std::to_string(length) + " bytes, of " +
                                 std::to_string(rest.size() - kChunkOverhead) + " there are");
    }
    const std::span<const uint8_t> type = rest.subspan(4, 4);
    if (!std::all_of(type.begin(), type.end(),
                     [](uint8_t c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); })) {
      return damaged(origin, "a damaged PNG: the chunk" + where + " has a type that is none");
    }
    const std::string name(type.begin(), type.end());
    if (crc_of(rest.subspan(4, size_t{4} + length)) != big_endian(rest.subspan(size_t{8} + length, 4))) {
      return damaged(origin, "a damaged PNG: the checksum of chunk " + name + where + " does not fit");
    }
    if (at == kSignature.size() && (name != "IHDR" || length != kIhdrBytes)) {
      return damaged(origin, "a damaged PNG: expected IHDR first, found " + name);
    }
    chunk(name, rest.subspan(8, length));
    if (name == "IEND") return {};
    at += kChunkOverhead + length;
  }
}

Result<std::vector<TextEntry>> read_texts(std::span<const uint8_t> png, const std::string& origin) {
  std::vector<TextEntry> texts;
  const Status status = walk_png(png, origin, [&texts](std::string_view type, std::span<const uint8_t> data) {
    if (type != "iTXt") return;
    if (std::optional<TextEntry> entry = parse_itxt(data)) texts.push_back(std::move(*entry));
  });
  if (!status.ok()) return status;
  return texts;
}

}  // namespace mobilediffusion
