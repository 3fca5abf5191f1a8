// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The number formats that weights and activations come in, and their scalar conversions to float32.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mobilediffusion::kernels {

enum class DataType { kFloat32, kFloat16, kBFloat16, kInt8 };

constexpr size_t size_of(DataType type) { return type == DataType::kFloat32 ? 4 : type == DataType::kInt8 ? 1 : 2; }

constexpr std::string_view to_string(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "F32";
    case DataType::kFloat16:
      return "F16";
    case DataType::kBFloat16:
      return "BF16";
    case DataType::kInt8:
      return "I8";
  }
  return "?";
}

// A float16 in memory.
struct Half {
  uint16_t bits;
};

// bfloat16 is float32's upper half.
constexpr float float_from_bfloat16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// The nearest bfloat16 to a finite value, halves to even.
constexpr uint16_t bfloat16_from_float(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// IEEE 754 binary16, subnormals, infinities and NaN included. The exponent is rebased by a multiplication, which is
// exact and also normalises the subnormals.
constexpr float float_from_float16(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t magnitude = uint32_t{bits & 0x7fffu} << 13;
  const float rebased = std::bit_cast<float>(magnitude) * 0x1p112f;
  const uint32_t special = magnitude >= 0x0f800000u ? 0x7f800000u : 0u;  // an exponent of all ones stays so
  return std::bit_cast<float>(std::bit_cast<uint32_t>(rebased) | special | sign);
}

// The nearest binary16, halves to even; too large a value becomes an infinity. Adding a power of two chosen by the
// exponent makes float32's own rounding cut at the right bit.
constexpr uint16_t float16_from_float(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  const uint32_t exponent = magnitude >> 23 < 113 ? 113 : magnitude >> 23;  // below 113 the result is subnormal
  const float aligned = std::bit_cast<float>(magnitude) + std::bit_cast<float>((exponent + 13) << 23);
  const uint32_t rounded = std::bit_cast<uint32_t>(aligned) - ((exponent + 13) << 23);
  return static_cast<uint16_t>(sign | (((exponent - 113) << 10) + rounded));
}

}  // namespace mobilediffusion::kernels
