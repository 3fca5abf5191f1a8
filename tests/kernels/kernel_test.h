// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the tests of the kernels share: random operands, and a kernel run with 1, 2 and 3 threads and held against its
// twin.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "kernels/packing/quantized_weight.h"
#include "kernels/packing/weight.h"
#include "kernels/reference/reference.h"
#include "kernels/runtime/context.h"
#include "kernels/runtime/quantization.h"
#include "src/sampling/noise.h"

namespace mobilediffusion::kernels {

// `count` normal values; every seed gives others.
inline std::vector<float> random_values(int64_t count, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(count));
  fill_normal(seed, 0, 0, values);
  return values;
}

// A weight in memory: as the kernel takes it, and as its twin does.
class TestWeight {
 public:
  TestWeight(std::vector<int64_t> shape, uint64_t seed, float scale = 1.0f) : shape_(std::move(shape)) {
    int64_t count = 1;
    for (const int64_t extent : shape_) count *= extent;
    values_ = random_values(count, seed);
    for (float& value : values_) value *= scale;
  }
  WeightView view() const { return {DataType::kFloat32, shape_, values_.data()}; }
  reference::Values values() const { return {values_.begin(), values_.end()}; }

 private:
  std::vector<int64_t> shape_;
  std::vector<float> values_;
};

// A pool, an arena and a context.
struct Bed {
  explicit Bed(int threads, Arena::Mode mode = Arena::Mode::kMemory)
      : pool(threads), arena(mode), context(pool, arena) {}

  // In float32 or float16.
  Tensor tensor(const reference::Array& from, Format format = Format::kFloat32) {
    Tensor x = context.make(from.shape, format);
    for (size_t i = 0; i < from.values.size(); ++i) {
      const auto value = static_cast<float>(from.values[i]);
      if (format == Format::kFloat16) {
        static_cast<Half*>(x.memory())[i].bits = float16_from_float(value);
      } else {
        x.data()[i] = value;
      }
    }
    return x;
  }

  ThreadPool pool;
  Arena arena;
  Context context;
};

inline reference::Array random_array(const Shape& shape, uint64_t seed, double scale = 1, double offset = 0) {
  reference::Array x(shape);
  const std::vector<float> values = random_values(shape.elements(), seed);
  // Through float, so that the kernel and its twin see the same numbers.
  std::transform(values.begin(), values.end(), x.values.begin(),
                 [&](float v) { return static_cast<double>(static_cast<float>(v * scale + offset)); });
  return x;
}

// The same values after a rounding to half.
inline double half(double value) { return float_from_float16(float16_from_float(static_cast<float>(value))); }
inline reference::Values halves(reference::Values values) {
  for (double& value : values) value = half(value);
  return values;
}
inline reference::Array halves(reference::Array x) {
  x.values = halves(std::move(x.values));
  return x;
}

// Of the largest value: what a result in half may be off by, and what sums may that are added up in half too, whose
// roundings grow as the root of their number.
constexpr double kHalfRounding = 0x1p-10;
inline double half_sums(int64_t addends) {
  return 0x1p-7 * std::max(1.0, std::sqrt(static_cast<double>(addends) / 256));
}

// What a result of exact int8 arithmetic may be off by, in the format that it is stored in.
inline double int8_rounding() { return dequantized_precision() == Precision::kFloat16 ? kHalfRounding : 1e-5; }

// The same values after a quantisation, by its definition.
inline reference::Array quantized(const reference::Array& x, Format format) {
  reference::Array y(x.shape);
  const auto groups = static_cast<size_t>(format == Format::kInt8PerRow ? x.shape.rows() : x.shape.n);
  const size_t size = x.values.size() / groups;
  for (size_t group = 0; group < groups; ++group) {
    const auto begin = x.values.begin() + static_cast<std::ptrdiff_t>(group * size);
    const auto [least, greatest] = std::minmax_element(begin, begin + static_cast<std::ptrdiff_t>(size));
    const Quantization q = quantization_of(static_cast<float>(*least), static_cast<float>(*greatest));
    for (size_t i = group * size; i < (group + 1) * size; ++i) {
      // As the kernel: the product is float32's, halves go to even.
      const float scaled = static_cast<float>(x.values[i]) * (1.0f / q.scale);
      const double level = std::clamp(std::nearbyint(scaled) + static_cast<float>(q.zero_point), -128.0f, 127.0f);
      y.values[i] = (level - q.zero_point) * static_cast<double>(q.scale);
    }
  }
  return y;
}

// What an operator that reads a format sees of values.
inline reference::Array as_read(const reference::Array& x, Format format) {
  if (is_quantized(format)) return quantized(x, format);
  return format == Format::kFloat16 ? halves(x) : x;
}

inline reference::Values quantized(const reference::Values& weight, int64_t rows) {
  const QuantizedWeight q = quantize_weight({weight.begin(), weight.end()}, rows);
  reference::Values y(weight.size());
  const size_t size = weight.size() / static_cast<size_t>(rows);
  for (size_t i = 0; i < y.size(); ++i) y[i] = q.values[i] * static_cast<double>(q.scales[i / size]);
  return y;
}

// What an activation says, whatever its format.
inline std::vector<float> values_of(const Tensor& x) {
  if (x.format() == Format::kFloat32) return {x.data(), x.data() + x.shape().elements()};
  std::vector<float> values(static_cast<size_t>(x.shape().elements()));
  if (x.format() == Format::kFloat16) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = float_from_float16(static_cast<const Half*>(x.memory())[i].bits);
    }
    return values;
  }
  const auto each =
      static_cast<size_t>(x.format() == Format::kInt8PerRow ? x.shape().c : x.shape().pixels() * x.shape().c);
  for (size_t i = 0; i < values.size(); ++i) {
    const Quantization& q = x.quantization()[i / each];
    values[i] = static_cast<float>(x.quantized()[i] - q.zero_point) * q.scale;
  }
  return values;
}

// Runs a kernel with 1, 2 and 3 threads: the answers must have the same bits, and lie within `tolerance` of the largest
// expected value.
inline void expect_matches(const reference::Array& expected, double tolerance,
                           const std::function<Tensor(Bed&)>& kernel) {
  std::vector<float> first;
  double largest = 1e-30;
  for (const double value : expected.values) largest = std::max(largest, std::abs(value));
  for (const int threads : {1, 2, 3}) {
    Bed bed(threads);
    const Tensor answer = kernel(bed);
    ASSERT_TRUE(bed.context.ok()) << bed.context.status().message();
    ASSERT_EQ(answer.shape(), expected.shape);
    const std::vector<float> values = values_of(answer);
    double error = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double difference = std::abs(values[i] - expected.values[i]);
      ASSERT_FALSE(std::isnan(difference)) << "element " << i;
      error = std::max(error, difference);
    }
    EXPECT_LE(error / largest, tolerance) << threads << " threads";
    if (first.empty()) first = values;
    EXPECT_EQ(std::memcmp(first.data(), values.data(), values.size() * sizeof(float)), 0)
        << "the bits depend on the number of threads: " << threads;
  }
}

}  // namespace mobilediffusion::kernels
