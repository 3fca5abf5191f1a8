// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Numbers of a file whose highest byte comes first.
#pragma once

#include <cstdint>
#include <span>

namespace mobilediffusion {

// Of at most four bytes.
inline uint32_t big_endian(std::span<const uint8_t> bytes) {
  uint32_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

}  // namespace mobilediffusion
