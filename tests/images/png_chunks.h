// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG files by hand, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mobilediffusion {

inline std::string png_number(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

// With its length and its checksum, by the slow way of the specification, bit by bit.
inline std::string png_chunk(const std::string& type, const std::string& data) {
  uint32_t crc = 0xffffffffu;
  for (const char c : type + data) {
    crc ^= static_cast<uint8_t>(c);
    for (int k = 0; k < 8; ++k) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xedb88320u : crc >> 1;
  }
  return png_number(static_cast<uint32_t>(data.size())) + type + data + png_number(~crc);
}

inline std::string png_file(const std::vector<std::string>& chunks) {
  std::string file = "\x89PNG\r\n\x1a\n";
  for (const std::string& chunk : chunks) file += chunk;
  return file + png_chunk("IEND", "");
}

inline std::string png_header(uint32_t width, uint32_t height, int depth, int colour, bool interlaced) {
  return png_chunk("IHDR", png_number(width) + png_number(height) + static_cast<char>(depth) +
                               static_cast<char>(colour) + std::string(2, '\0') + static_cast<char>(interlaced));
}

}  // namespace mobilediffusion
