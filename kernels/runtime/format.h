// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The forms that an activation's values take in memory, and pointers to them that carry theirs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/runtime/data_type.h"
#include "kernels/runtime/precision.h"

namespace mobilediffusion::kernels {

// What an operator reads or writes.
enum class Format {
  kFloat32,
  kFloat16,
  kInt8PerPicture,  // one Quantization for each of n
  kInt8PerRow,      // one for every pixel or token
};

constexpr bool is_quantized(Format format) {
  return format == Format::kInt8PerPicture || format == Format::kInt8PerRow;
}

// What an operator of that precision reads; int8 by row or by picture.
constexpr Format format_of(Precision precision, Format int8) {
  switch (precision) {
    case Precision::kFloat32:
      return Format::kFloat32;
    case Precision::kFloat16:
      return Format::kFloat16;
    case Precision::kInt8:
      return int8;
  }
  return Format::kFloat32;
}

// Bytes of a value.
constexpr size_t size_of(Format format) {
  return format == Format::kFloat32 ? sizeof(float) : format == Format::kFloat16 ? sizeof(Half) : sizeof(int8_t);
}

// Values to read, in float32 or float16, for kernels that take both.
struct Reading {
  const void* data;
  Format format;

  Reading operator+(int64_t values) const {
    return {static_cast<const std::byte*>(data) + values * static_cast<int64_t>(size_of(format)), format};
  }
};

// The same to write.
struct Writing {
  void* data;
  Format format;

  Writing operator+(int64_t values) const {
    return {static_cast<std::byte*>(data) + values * static_cast<int64_t>(size_of(format)), format};
  }
  operator Reading() const { return {data, format}; }
};

}  // namespace mobilediffusion::kernels
