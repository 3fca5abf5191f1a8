// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Bands of a picture against the whole of it, and both against the definition.
#include "kernels/convolution/banded_convolution.h"

#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

using Widths = std::tuple<int, int>;      // in, out: to Winograd's tiles, to XNNPACK's, to few channels
using Sizes = std::tuple<int, int, int>;  // n, h, w

constexpr int kGroups = 2;
constexpr float kEpsilon = 1e-5f;
constexpr Bands kWhole{.least_bytes = INT64_MAX};
constexpr Bands kCut{.rows = 5, .least_bytes = 0};

class BandedConvolutionTest : public testing::TestWithParam<std::tuple<Widths, Sizes, Precision>> {
 protected:
  void SetUp() override {
    if (precision() == Precision::kFloat16 && !computes_float16()) GTEST_SKIP() << "not on this processor";
  }

  Precision precision() const { return std::get<Precision>(GetParam()); }
  Conv2dSpec spec() const {
    const auto& [in, out] = std::get<Widths>(GetParam());
    return {.in_channels = in, .out_channels = out};
  }
  Shape shape() const {
    const auto& [n, h, w] = std::get<Sizes>(GetParam());
    return {n, h, w, spec().in_channels};
  }

  const TestWeight scale{{spec().in_channels}, 1}, offset{{spec().in_channels}, 2};
  const TestWeight weight{{spec().out_channels, spec().in_channels, 3, 3}, 3}, bias{{spec().out_channels}, 4};
  Status status;
  const GroupNorm norm{"norm", spec().in_channels, kGroups, kEpsilon, scale.view(), offset.view(), status};
  const Conv2d conv{"conv", spec(), weight.view(), bias.view(), precision(), status};
};

TEST_P(BandedConvolutionTest, MatchesItsTwin) {
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array(shape(), 5, 2.0, 0.5);
  reference::Array expected =
      reference::conv2d(reference::group_norm(x, kGroups, kEpsilon, scale.values(), offset.values(), Fused::kSilu),
                        spec(), weight.values(), bias.values());
  const Format kept = precision() == Precision::kFloat16 ? Format::kFloat16 : Format::kFloat32;
  const double tolerance = precision() == Precision::kFloat32 ? 2e-5 : precision() == Precision::kInt8 ? 0.04 : 0.02;
  for (const Bands& bands : {kWhole, kCut}) {
    expect_matches(expected, tolerance, [&](Bed& bed) {
      const Tensor given = bed.tensor(x, kept);
      Tensor y = convolve_normalized(bed.context, norm, Fused::kSilu, conv, given, nullptr, bands);
      EXPECT_EQ(values_of(given), values_of(bed.tensor(x, kept)));
      return y;
    });
    expect_matches(expected, tolerance, [&](Bed& bed) {
      Tensor spent = bed.tensor(x, kept);
      return convolve_normalized(bed.context, norm, Fused::kSilu, conv, spent, &spent, bands);
    });
  }

  const reference::Array residual = random_array(expected.shape, 6, 3.0);
  for (size_t i = 0; i < expected.values.size(); ++i) expected.values[i] += residual.values[i];
  for (const Bands& bands : {kWhole, kCut}) {
    expect_matches(expected, tolerance, [&](Bed& bed) {
      Tensor sum = bed.tensor(residual, kept);
      add_convolved_normalized(bed.context, "sum", norm, Fused::kSilu, conv, bed.tensor(x, kept), sum, bands);
      return sum;
    });
  }
}

// Not only near: bands of 8 bits and of half have the very bits of the whole. (Winograd's tiles lie elsewhere.)
TEST_P(BandedConvolutionTest, HasTheBitsOfTheWhole) {
  if (precision() == Precision::kFloat32) GTEST_SKIP() << "tiles lie elsewhere";
  Bed bed(2);
  const Tensor x = bed.tensor(random_array(shape(), 5, 2.0, 0.5));
  const auto answer = [&](const Bands& bands) {
    return values_of(convolve_normalized(bed.context, norm, Fused::kNone, conv, x, nullptr, bands));
  };
  EXPECT_EQ(answer(kWhole), answer(kCut));
}

// What it is for: of the picture nothing whole but what is read and what is written, and every product counted once.
TEST_P(BandedConvolutionTest, CountsOnceAndHoldsTwo) {
  const Shape tall{1, 400, 16, spec().in_channels};
  Bed bed(1, Arena::Mode::kMeasure);
  Trace trace;
  bed.context.set_trace(&trace);
  const Format kept = precision() == Precision::kFloat16 ? Format::kFloat16 : Format::kFloat32;
  const Tensor x = bed.context.make(tall, kept);
  const Tensor y = convolve_normalized(bed.context, norm, Fused::kSilu, conv, x, nullptr, kCut);
  EXPECT_EQ(y.shape(), spec().out_shape(tall));
  int64_t macs = 0;
  for (const OperatorRecord& record : trace) macs += record.macs;
  EXPECT_EQ(macs, spec().macs(tall));
  EXPECT_LT(static_cast<double>(bed.arena.peak_bytes()), 1.1 * static_cast<double>(bed.arena.live_bytes()));
}

class InPlaceTest : public testing::TestWithParam<std::tuple<Widths, Precision>> {};

TEST_P(InPlaceTest, MatchesItsTwinAndGivesMemoryBack) {
  const auto& [widths, precision] = GetParam();
  if (precision == Precision::kFloat16 && !computes_float16()) GTEST_SKIP() << "not on this processor";
  const auto& [in, out] = widths;
  const Conv2dSpec spec{.in_channels = in, .out_channels = out, .kernel = 1};
  const TestWeight weight({out, in, 1, 1}, 1), bias({out}, 2);
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), precision, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const Shape shape{1, 23, 7, in};
  const reference::Array x = random_array(shape, 3);
  for (const Format kept : {Format::kFloat32, Format::kFloat16}) {
    for (const Bands& bands : {kWhole, kCut}) {
      expect_matches(reference::conv2d(x, spec, weight.values(), bias.values()),
                     precision == Precision::kFloat32 && kept == Format::kFloat32 ? 1e-5 : 0.03, [&](Bed& bed) {
                       Tensor given = bed.tensor(x, kept);
                       const void* const memory = given.memory();
                       Tensor y = convolve_in_place(bed.context, conv, std::move(given), bands);
                       const bool fits = out <= in && kept == output_format(conv.input_format());
                       EXPECT_EQ(y.memory() == memory, fits && bands.rows == kCut.rows);
                       Tensor same = bed.context.make(spec.out_shape(shape), y.format());
                       const size_t both = bed.arena.live_bytes();
                       same.reset();
                       EXPECT_EQ(both, 2 * bed.arena.live_bytes());
                       return y;
                     });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, InPlaceTest,
                         testing::Combine(testing::Values(Widths(64, 40), Widths(100, 70), Widths(5, 5), Widths(8, 24)),
                                          testing::Values(Precision::kFloat32, Precision::kFloat16, Precision::kInt8)));

INSTANTIATE_TEST_SUITE_P(Shapes, BandedConvolutionTest,
                         testing::Combine(testing::Values(Widths(64, 40), Widths(6, 5), Widths(32, 3)),
                                          testing::Values(Sizes(1, 4, 3), Sizes(1, 5, 5), Sizes(1, 6, 9),
                                                          Sizes(1, 23, 7), Sizes(2, 11, 4)),
                                          testing::Values(Precision::kFloat32, Precision::kFloat16, Precision::kInt8)));

}  // namespace
}  // namespace mobilediffusion::kernels
