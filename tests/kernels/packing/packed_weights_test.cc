// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A store whose own bookkeeping finds no memory while XNNPACK packs into it: an exception cannot pass through XNNPACK.
#include "kernels/packing/packed_weights.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "kernels/linear/linear.h"

// operator new that fails from the n-th call on. Not inlined, or GCC sees malloc's memory deleted and warns.
#if defined(__GNUC__)
#define TEST_NOINLINE [[gnu::noinline]]
#else
#define TEST_NOINLINE
#endif
namespace {
thread_local long g_allocations_left = -1;  // negative: no limit
}

TEST_NOINLINE void* operator new(size_t bytes) {
  if (g_allocations_left == 0) throw std::bad_alloc();
  if (g_allocations_left > 0) --g_allocations_left;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
TEST_NOINLINE void operator delete(void* memory) noexcept { std::free(memory); }
TEST_NOINLINE void operator delete(void* memory, size_t) noexcept { std::free(memory); }

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
      pack(weight, bias, store);
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
