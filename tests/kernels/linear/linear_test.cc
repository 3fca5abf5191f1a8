// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/linear.h"

#include <cmath>
#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

class LinearTest : public testing::TestWithParam<std::tuple<int, int, int, bool>> {};  // rows, in, out, bias

TEST_P(LinearTest, MatchesItsTwin) {
  const auto& [rows, in, out, with_bias] = GetParam();
  const LinearSpec spec{.in = in, .out = out, .bias = with_bias};
  const TestWeight weight({out, in}, 1), bias({out}, 2);
  Status status;
  const Linear linear("linear", spec, weight.view(), bias.view(), Precision::kFloat32, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array({1, 1, rows, in}, 3);
  expect_matches(reference::linear(x, spec, weight.values(), bias.values()), 1e-5,
                 [&](Bed& bed) { return linear(bed.context, bed.tensor(x)); });
}

TEST_P(LinearTest, Float16MatchesItsTwinOnRoundedOperands) {
  if (!computes_float16()) GTEST_SKIP() << "not on this processor";
  const auto& [rows, in, out, with_bias] = GetParam();
  const LinearSpec spec{.in = in, .out = out, .bias = with_bias};
  const TestWeight weight({out, in}, 1), bias({out}, 2);
  Status status;
  const Linear linear("linear", spec, weight.view(), bias.view(), Precision::kFloat16, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array({1, 1, rows, in}, 3);
  const reference::Array expected = reference::linear(halves(x), spec, halves(weight.values()), bias.values());
  for (const Format format : {Format::kFloat32, Format::kFloat16}) {
    expect_matches(expected, half_sums(in), [&](Bed& bed) {
      Tensor y = linear(bed.context, bed.tensor(x, format));
      EXPECT_EQ(y.format(), Format::kFloat16);
      return y;
    });
  }
}

TEST_P(LinearTest, Int8MatchesItsTwinOnQuantizedOperands) {
  const auto& [rows, in, out, with_bias] = GetParam();
  const LinearSpec spec{.in = in, .out = out, .bias = with_bias};
  const TestWeight weight({out, in}, 1), bias({out}, 2);
  Status status;
  const Linear linear("linear", spec, weight.view(), bias.view(), Precision::kInt8, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array({1, 1, rows, in}, 3);
  expect_matches(
      reference::linear(as_read(x, linear.input_format()), spec, quantized(weight.values(), out), bias.values()),
      int8_rounding(), [&](Bed& bed) { return linear(bed.context, bed.tensor(x)); });
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearTest,
                         testing::Combine(testing::Values(1, 2, 7, 77, 256), testing::Values(1, 3, 64, 129),
                                          testing::Values(1, 5, 48, 64, 130), testing::Bool()));

// Multiplied in several blocks of output channels, the last of them narrower.
INSTANTIATE_TEST_SUITE_P(Wide, LinearTest,
                         testing::Combine(testing::Values(3), testing::Values(1700), testing::Values(900),
                                          testing::Bool()));

TEST(LinearOperatorTest, Int8TellsOfWhatIsNotFinite) {
  const LinearSpec spec{.in = 70, .out = 40};
  const TestWeight weight({40, 70}, 1), bias({40}, 2);
  Status status;
  const Linear linear("linear", spec, weight.view(), bias.view(), Precision::kInt8, status);
  for (const float spoilt : {INFINITY, -INFINITY, NAN}) {
    Bed bed(2);
    Tensor x = bed.tensor(random_array({1, 1, 9, 70}, 3));
    x.data()[70 * 4 + 33] = spoilt;
    const std::vector<float> answer = values_of(linear(bed.context, x));
    for (size_t i = 0; i < answer.size(); ++i) EXPECT_EQ(std::isfinite(answer[i]), i / 40 != 4) << i;
  }
}

TEST(LinearOperatorTest, FindsItsBlocksPackedBefore) {
  const LinearSpec spec{.in = 700, .out = 3000};
  const TestWeight weight({3000, 700}, 1), bias({3000}, 2), other({3000, 700}, 4);
  const reference::Array x = random_array({1, 1, 5, 700}, 3);
  Status status;
  PackedWeights packed, found, partly;
  const Linear first("linear", spec, weight.view(), bias.view(), {Precision::kInt8, &packed}, status);
  ASSERT_GE(packed.entries().size(), 1u);
  for (const auto& [name, entry] : packed.entries()) {
    found.add(name, entry);
    if (partly.entries().empty()) partly.add(name, entry);
  }
  const Linear second("linear", spec, other.view(), bias.view(), {Precision::kInt8, &found}, status);
  const Linear third("linear", spec, weight.view(), bias.view(), {Precision::kInt8, &partly}, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(found.grown());
  EXPECT_EQ(partly.grown(), packed.entries().size() > 1);  // in blocks, on some processors
  for (const Linear* linear : {&second, &third}) {
    expect_matches(
        reference::linear(as_read(x, linear->input_format()), spec, quantized(weight.values(), 3000), bias.values()),
        int8_rounding(), [&](Bed& bed) { return (*linear)(bed.context, bed.tensor(x)); });
  }
}

TEST(LinearOperatorTest, ReadsHalfPrecisionWeightsOfAnyAlignment) {
  const int in = 9, out = 6;
  const std::vector<float> values = random_values(in * out, 1);
  std::vector<char> bytes(1 + 2 * values.size());
  reference::Values rounded(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t half = float16_from_float(values[i]);
    std::memcpy(bytes.data() + 1 + 2 * i, &half, 2);
    rounded[i] = float_from_float16(half);
  }
  const LinearSpec spec{.in = in, .out = out, .bias = false};
  Status status;
  const Linear linear("linear", spec, {DataType::kFloat16, {out, in}, bytes.data() + 1}, {}, Precision::kFloat32,
                      status);
  ASSERT_TRUE(status.ok());
  const reference::Array x = random_array({1, 1, 4, in}, 3);
  expect_matches(reference::linear(x, spec, rounded, {}), 1e-5,
                 [&](Bed& bed) { return linear(bed.context, bed.tensor(x)); });
}

}  // namespace
}  // namespace mobilediffusion::kernels
