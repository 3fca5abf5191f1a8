// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A store whose own bookkeeping finds no memory while XNNPACK packs into it: an exception cannot pass through XNNPACK.
#include "kernels/packing/packed_weights.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/linear/linear.h"
#include "tests/failing_new.h"

namespace mobilediffusion::kernels {
namespace {

// With a name that no string holds in itself.
Status pack(const WeightView& weight, const WeightView& bias, PackedWeights& store) {
  Status status;
  const Linear linear("a.linear.with.quite.a.long.name", {.in = 6, .out = 5}, weight, bias,
                      Packing(Precision::kFloat32, &store), status);
  return status;
}

TEST(PackedWeightsTest, WithoutMemoryForAnEntryPackingThrowsBadAllocAndTheStoreStaysUsable) {
  const std::vector<float> values(30, 1.0f), offsets(5, 2.0f);
  const WeightView weight{DataType::kFloat32, {5, 6}, values.data()}, bias{DataType::kFloat32, {5}, offsets.data()};
  PackedWeights warm;
  ASSERT_TRUE(pack(weight, bias, warm).ok());
  int failures = 0;
  for (long n = 0;; ++n) {
    PackedWeights store;
    bool failed = false;
    g_allocations_left = n;
    try {
      static_cast<void>(pack(weight, bias, store));
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    g_allocations_left = -1;
    if (!failed) break;
    ++failures;
    EXPECT_TRUE(pack(weight, bias, store).ok());
    EXPECT_FALSE(store.mismatched());
    EXPECT_EQ(store.entries().size(), 1u);
  }
  EXPECT_GT(failures, 5);
}

}  // namespace
}  // namespace mobilediffusion::kernels
