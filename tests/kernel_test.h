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

#include "kernels/context.h"
#include "kernels/reference/reference.h"
#include "kernels/weight.h"
#include "src/noise.h"

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

  Tensor tensor(const reference::Array& from) {
    Tensor x = context.make(from.shape);
    std::copy(from.values.begin(), from.values.end(), x.data());
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
    const std::vector<float> values(answer.data(), answer.data() + answer.shape().elements());
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
