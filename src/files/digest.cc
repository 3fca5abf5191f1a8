// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/digest.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace mobilediffusion {
namespace {

// An arbitrary start, and the golden ratio's bits: a sparse multiplier lets changes of two words cancel.
constexpr uint64_t kBasis = 0xcbf29ce484222325u, kFactor = 0x9e3779b97f4a7c15u;

uint64_t word_at(const std::byte* from, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

// A word's high bits reach the low ones only by a shift: multiplication alone carries upwards.
void mix(uint64_t& state, uint64_t word) {
  state = (state ^ word) * kFactor;
  state ^= state >> 32;
}

}  // namespace

uint64_t digest(std::span<const std::byte> bytes, uint64_t seed) {
  std::array<uint64_t, 8> lanes;
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = kBasis + i;
  size_t at = 0;
  for (; at + sizeof lanes <= bytes.size(); at += sizeof lanes) {
    for (size_t i = 0; i < lanes.size(); ++i) mix(lanes[i], word_at(bytes.data() + at + 8 * i, 8));
  }
  uint64_t state = kBasis;
  mix(state, seed);
  for (; at < bytes.size(); at += 8) mix(state, word_at(bytes.data() + at, std::min<size_t>(8, bytes.size() - at)));
  for (const uint64_t lane : lanes) mix(state, lane);
  mix(state, bytes.size());
  return state;
}

uint64_t digest(std::string_view text, uint64_t seed) {
  return digest(std::as_bytes(std::span(text.data(), text.size())), seed);
}

std::string to_hex(uint64_t value) {
  std::string text(16, '0');
  for (size_t i = text.size(); i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

}  // namespace mobilediffusion
