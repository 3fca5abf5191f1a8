// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A store whose own bookkeeping finds no memory while XNNPACK packs into it: an exception cannot pass through XNNPACK.
// And what is packed must not depend on what memory held before.
#include "kernels/packing/packed_weights.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "kernels/convolution/conv2d.h"
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

#if defined(__GLIBC__)
// By name; of shapes that fit no tile, packed into memory that is full of a byte.
std::map<std::string, std::vector<std::byte>> packed_into(int byte, Precision precision) {
  constexpr int kMost = 13, kWidest = 3;
  const std::vector<float> values(kMost * kMost * kWidest * kWidest, 0.5f);
  mallopt(M_PERTURB, byte);
  PackedWeights store;
  Status status;
  const Packing packing(precision, &store);
  for (const int in : {3, 8, kMost}) {
    for (const int out : {3, 8, kMost}) {
      const std::string shape = std::to_string(in) + "x" + std::to_string(out);
      const WeightView bias{DataType::kFloat32, {out}, values.data()};
      const Linear linear("linear" + shape, {.in = in, .out = out}, {DataType::kFloat32, {out, in}, values.data()},
                          bias, packing, status);
      for (const int kernel : {1, kWidest}) {
        const Conv2d convolution("conv" + std::to_string(kernel) + "." + shape,
                                 {.in_channels = in, .out_channels = out, .kernel = kernel},
                                 {DataType::kFloat32, {out, in, kernel, kernel}, values.data()}, bias, packing, status);
      }
    }
    const Conv2d depthwise("depthwise" + std::to_string(in), {.in_channels = in, .out_channels = in, .depthwise = true},
                           {DataType::kFloat32, {in, 1, kWidest, kWidest}, values.data()},
                           {DataType::kFloat32, {in}, values.data()}, packing, status);
  }
  mallopt(M_PERTURB, 0);
  EXPECT_TRUE(status.ok()) << status.message();
  std::map<std::string, std::vector<std::byte>> bytes;
  for (const auto& [name, entry] : store.entries()) bytes[name] = {entry.bytes.begin(), entry.bytes.end()};
  return bytes;
}

TEST(PackedWeightsTest, WhatIsPackedDoesNotDependOnWhatMemoryHeld) {
  for (const Precision precision : {Precision::kFloat32, Precision::kFloat16, Precision::kInt8}) {
    const auto one = packed_into(0x55, precision), other = packed_into(0xAA, precision);
    ASSERT_EQ(one.size(), other.size());
    for (const auto& [name, bytes] : one)
      EXPECT_TRUE(bytes == other.at(name)) << name << ", " << static_cast<int>(precision);
  }
}
#endif

}  // namespace
}  // namespace mobilediffusion::kernels
