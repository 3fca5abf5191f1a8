// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Weights of no values, for which there may be no memory either: memcpy() must not be asked to copy nothing from nowhere
// (the undefined-behaviour sanitizer looks).
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"

namespace mobilediffusion::kernels {
namespace {

TEST(EmptyWeight, HasNoValues) {
  for (const DataType type : {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16, DataType::kInt8}) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0}, {0, 4}, {4, 0}, {3, 0, 2}}) {
      const std::vector<float> scales(type == DataType::kInt8 ? static_cast<size_t>(shape[0]) : 0, 1.0f);
      Status status;
      EXPECT_TRUE(to_float32({type, shape, nullptr, scales}, "empty", status).empty());
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
}

TEST(EmptyWeight, IsKept) {
  PackedWeights store;
  const std::span<const std::byte> kept = store.keep("empty", 0, {});
  EXPECT_TRUE(kept.empty());
  EXPECT_TRUE(store.contains("empty"));
}

}  // namespace
}  // namespace mobilediffusion::kernels
