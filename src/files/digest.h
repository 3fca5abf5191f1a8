// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A 64-bit digest of bytes, fast enough for gigabytes: it finds damage and tells files apart, and keeps nobody out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mobilediffusion {

// Each 64-bit word is added to a state by exclusive or, a multiplication and a shift, in eight independent lanes, which
// a processor runs side by side; their states and the size are folded together in the end. Continues from `seed`.
uint64_t digest(std::span<const std::byte> bytes, uint64_t seed = 0);
uint64_t digest(std::string_view text, uint64_t seed = 0);

// As 16 hexadecimal digits.
std::string to_hex(uint64_t value);

}  // namespace mobilediffusion
