// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Operators that take long look at the cancel flag between their parts, and stop there.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "kernels/attention/attention.h"
#include "kernels/convolution/conv2d.h"
#include "kernels/elementwise/quantize.h"
#include "kernels/linear/fully_connected.h"
#include "kernels/packing/float16_support.h"
#include "kernels/packing/packed_weights.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

// Runs it whole and counts its looks at the flag; then with the flag set, where it must fail.
template <typename Run>
int64_t looks_of(Run&& run) {
  Bed whole(2);
  run(whole);
  EXPECT_TRUE(whole.context.ok()) << whole.context.status().message();
  Bed stopped(2);
  const std::atomic<bool> cancelled = true;
  stopped.context.set_cancel_flag(CancelFlag(&cancelled));
  run(stopped);
  EXPECT_EQ(stopped.context.status().code(), StatusCode::kCancelled);
  return whole.context.looks();
}

Packing in(Precision precision) { return Packing(precision); }

TEST(CancelTest, WideProductsBetweenBlocksOfColumns) {
  Status status;
  const TestWeight weight({4096, 1024}, 1), bias({4096}, 2);
  const FullyConnected linear("linear", {.in = 1024, .out = 4096}, weight.view(), bias.view(), in(Precision::kInt8),
                              status);
  ASSERT_TRUE(status.ok());
  const auto run = [&](Bed& bed) {
    const Tensor x = convert(bed.context, "x", bed.tensor(random_array({1, 1, 8, 1024}, 3)), Format::kInt8PerRow);
    Tensor y = bed.context.make({1, 1, 8, 4096}, output_format(x.format()));
    linear.run(bed.context, "linear", x, y);
  };
  EXPECT_GE(looks_of(run), 4);  // 4 MiB in blocks of 768 KiB
}

TEST(CancelTest, ConvolutionsBetweenBlocksAndBands) {
  Status status;
  const TestWeight weight({512, 256, 3, 3}, 1), bias({512}, 2);
  const Conv2d plain("conv", {.in_channels = 256, .out_channels = 512}, weight.view(), bias.view(),
                     in(Precision::kInt8), status);
  const reference::Array x = random_array({1, 8, 8, 256}, 3);
  ASSERT_TRUE(status.ok());
  EXPECT_GE(looks_of([&](Bed& bed) { plain(bed.context, bed.tensor(x)); }), 3);
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    const TestWeight some({64, 64, 3, 3}, 1), offsets({64}, 2);
    const Conv2d upsampling("up", {.in_channels = 64, .out_channels = 64, .upsample_2x = true}, some.view(),
                            offsets.view(), in(precision), status);
    ASSERT_TRUE(status.ok());
    const reference::Array picture = random_array({1, 96, 96, 64}, 3);
    EXPECT_GE(looks_of([&](Bed& bed) { upsampling(bed.context, bed.tensor(picture)); }), 4);
  }
}

// The same values as the picture at once, which is how a convolution without a store for its weights computes it.
TEST(CancelTest, ConvolutionsOfLargePicturesBetweenParts) {
  const TestWeight weight({224, 224, 3, 3}, 1), bias({224}, 2);
  const reference::Array x = random_array({2, 97, 130, 224}, 3);  // 5.7 G a picture
  for (const Precision precision : {Precision::kFloat16, Precision::kInt8}) {
    if (precision == Precision::kFloat16 && !computes_float16()) continue;
    Status status;
    PackedWeights store;
    const Conv2dSpec spec{.in_channels = 224, .out_channels = 224};
    const Conv2d conv("conv", spec, weight.view(), bias.view(), Packing(precision, &store), status);
    const Conv2d whole("conv", spec, weight.view(), bias.view(), in(precision), status);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_FALSE(store.mismatched());
    EXPECT_GE(looks_of([&](Bed& bed) { conv(bed.context, bed.tensor(x)); }), 4);
    Bed bed(2);
    const Tensor expected = whole(bed.context, bed.tensor(x)), found = conv(bed.context, bed.tensor(x));
    ASSERT_TRUE(bed.context.ok()) << bed.context.status().message();
    EXPECT_EQ(std::memcmp(found.memory(), expected.memory(),
                          static_cast<size_t>(expected.shape().elements()) * size_of(expected.format())),
              0);
  }
}

TEST(CancelTest, AttentionBetweenPiecesOfQueries) {
  const Attention attention("attention", {.heads = 2}, Precision::kInt8);
  const reference::Array x = random_array({1, 1, 2048, 32}, 1, 0.5);
  const auto run = [&](Bed& bed) {
    const Tensor tokens = bed.tensor(x);
    attention(bed.context, tokens, tokens, tokens);
  };
  EXPECT_GE(looks_of(run), 2 * 4);  // 512 queries at once
}

// Attention in float32 is one parallel loop: each thread looks before each piece, so a flag that is set meanwhile ends
// it, and the pass with it.
TEST(CancelTest, AttentionInFloat32EndsThePassItWasCutShortIn) {
  const Attention attention("attention", {.heads = 2}, Precision::kFloat32);
  const reference::Array x = random_array({1, 1, 256, 32}, 1, 0.5);
  std::atomic<bool> cancelled = false;
  Bed bed(1);
  bed.context.set_cancel_flag(CancelFlag(&cancelled));
  const Tensor tokens = bed.tensor(x);
  attention(bed.context, tokens, tokens, tokens);
  EXPECT_TRUE(bed.context.ok());
  cancelled = true;
  EXPECT_TRUE(bed.context.is_cancelled());
  EXPECT_TRUE(bed.context.ok());  // until it looks
  EXPECT_FALSE(bed.context.goes_on());
  EXPECT_EQ(bed.context.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace mobilediffusion::kernels
