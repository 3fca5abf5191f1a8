// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/normalization/norm.h"

#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

using Sizes = std::tuple<int, int, int, int, int>;  // n, h, w, channels, groups

// Of the largest value: half a level of the range is lost at most, one where it is wider than what the values reach.
double tolerance_of(Format format) {
  return format == Format::kFloat32 ? 3e-6 : format == Format::kFloat16 ? kHalfRounding : 1.0 / 128;
}

class GroupNormTest : public testing::TestWithParam<std::tuple<Sizes, Fused, Format>> {};

TEST_P(GroupNormTest, MatchesItsTwin) {
  const auto& [sizes, fused, format] = GetParam();
  const auto& [n, h, w, channels, groups] = sizes;
  const TestWeight weight({channels}, 1), bias({channels}, 2);
  Status status;
  const GroupNorm norm("norm", channels, groups, 1e-5f, weight.view(), bias.view(), status);
  ASSERT_TRUE(status.ok());
  const reference::Array x = random_array({n, h, w, channels}, 3, 2.0, 0.5);
  const reference::Array expected = reference::group_norm(x, groups, 1e-5f, weight.values(), bias.values(), fused);
  expect_matches(expected, tolerance_of(format), [&, f = fused, to = format](Bed& bed) {
    const Tensor kept = bed.tensor(x);
    Tensor y = norm(bed.context, kept, f, to);
    EXPECT_EQ(values_of(kept), std::vector<float>(x.values.begin(), x.values.end()));
    return y;
  });
  // In the memory of its operand.
  expect_matches(expected, tolerance_of(format),
                 [&, f = fused, to = format](Bed& bed) { return norm(bed.context, bed.tensor(x), f, to); });
  expect_matches(
      reference::group_norm(halves(x), groups, 1e-5f, weight.values(), bias.values(), fused), tolerance_of(format),
      [&, f = fused, to = format](Bed& bed) { return norm(bed.context, bed.tensor(x, Format::kFloat16), f, to); });
}

INSTANTIATE_TEST_SUITE_P(Shapes, GroupNormTest,
                         testing::Combine(testing::Values(Sizes(1, 1, 1, 2, 1), Sizes(1, 3, 5, 4, 4),
                                                          Sizes(2, 7, 3, 12, 3), Sizes(1, 16, 16, 32, 32),
                                                          Sizes(1, 64, 64, 40, 8), Sizes(3, 9, 9, 33, 11),
                                                          Sizes(1, 5, 1, 320, 32)),
                                          testing::Values(Fused::kNone, Fused::kSilu),
                                          testing::Values(Format::kFloat32, Format::kFloat16, Format::kInt8PerPicture,
                                                          Format::kInt8PerRow)));

// The mean is a thousand times the deviation: sums of squares in float32 would lose all of it.
TEST(GroupNormOperatorTest, KeepsItsDigitsFarFromZero) {
  const TestWeight weight({16}, 1), bias({16}, 2);
  Status status;
  const GroupNorm norm("norm", 16, 4, 1e-5f, weight.view(), bias.view(), status);
  const reference::Array x = random_array({1, 32, 32, 16}, 3, 1.0, 1000.0);
  expect_matches(reference::group_norm(x, 4, 1e-5f, weight.values(), bias.values(), Fused::kNone), 2e-4,
                 [&](Bed& bed) { return norm(bed.context, bed.tensor(x)); });
}

TEST(GroupNormOperatorTest, AnEvenPictureBecomesTheBias) {
  const TestWeight weight({8}, 1), bias({8}, 2);
  Status status;
  const GroupNorm norm("norm", 8, 2, 1e-5f, weight.view(), bias.view(), status);
  expect_matches(reference::group_norm(random_array({1, 4, 4, 8}, 3, 0.0, 7.0), 2, 1e-5f, weight.values(),
                                       bias.values(), Fused::kNone),
                 1e-6, [&](Bed& bed) {
                   return norm(bed.context, bed.tensor(random_array({1, 4, 4, 8}, 3, 0.0, 7.0)));
                 });
}

TEST(GroupNormOperatorTest, NamesItselfWhereANanArrives) {
  for (const double poison : {double{NAN}, double{INFINITY}}) {
    const TestWeight weight({8}, 1), bias({8}, 2);
    Status status;
    const GroupNorm norm("unet.mid_block.norm1", 8, 2, 1e-5f, weight.view(), bias.view(), status);
    Bed bed(2);
    reference::Array x = random_array({1, 4, 4, 8}, 3);
    x.values[37] = poison;
    norm(bed.context, bed.tensor(x));
    EXPECT_EQ(bed.context.status().code(), StatusCode::kNonFinite);
    EXPECT_NE(bed.context.status().message().find("unet.mid_block.norm1"), std::string::npos);
  }
}

class LayerNormTest : public testing::TestWithParam<std::tuple<int, int, Format>> {};  // rows, width

TEST_P(LayerNormTest, MatchesItsTwin) {
  const auto& [rows, width, format] = GetParam();
  const TestWeight weight({width}, 1), bias({width}, 2);
  Status status;
  const LayerNorm norm("norm", width, 1e-5f, weight.view(), bias.view(), status);
  const reference::Array x = random_array({1, 1, rows, width}, 3, 3.0, -2.0);
  expect_matches(reference::layer_norm(x, 1e-5f, weight.values(), bias.values()), tolerance_of(format),
                 [&, to = format](Bed& bed) { return norm(bed.context, bed.tensor(x), to); });
  expect_matches(reference::layer_norm(halves(x), 1e-5f, weight.values(), bias.values()), tolerance_of(format),
                 [&, to = format](Bed& bed) { return norm(bed.context, bed.tensor(x, Format::kFloat16), to); });
}

INSTANTIATE_TEST_SUITE_P(Shapes, LayerNormTest,
                         testing::Combine(testing::Values(1, 2, 77, 1000), testing::Values(4, 7, 16, 33, 768),
                                          testing::Values(Format::kFloat32, Format::kFloat16, Format::kInt8PerPicture,
                                                          Format::kInt8PerRow)));

TEST(LayerNormOperatorTest, NamesItselfWhereANanArrives) {
  const TestWeight weight({8}, 1), bias({8}, 2);
  Status status;
  const LayerNorm norm("text_encoder.final_layer_norm", 8, 1e-5f, weight.view(), bias.view(), status);
  Bed bed(1);
  reference::Array x = random_array({1, 1, 4, 8}, 3);
  x.values[9] = INFINITY;
  norm(bed.context, bed.tensor(x));
  EXPECT_EQ(bed.context.status().code(), StatusCode::kNonFinite);
  EXPECT_NE(bed.context.status().message().find("text_encoder.final_layer_norm"), std::string::npos);
}

}  // namespace
}  // namespace mobilediffusion::kernels
