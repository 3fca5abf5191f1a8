// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/panel_product.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "kernels/packing/quantized_weight.h"
#include "kernels/product/panels.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

TEST(PanelsTest, CoverEveryColumnOnceInAsFewAndEvenOnes) {
  for (const size_t lanes : {1u, 4u, 8u, 16u}) {
    for (size_t columns = 1; columns <= 200; ++columns) {
      const Panels panels{.depth = 3, .columns = columns, .lanes = lanes};
      size_t next = 0;
      for (size_t i = 0; i < panels.count(); ++i) {
        const auto [first, vectors] = panels.panel(i);
        EXPECT_EQ(first, next);
        EXPECT_GE(vectors, 1u);
        EXPECT_LE(vectors, kWidestPanel);
        EXPECT_LE(panels.panel(0).vectors - vectors, 1u);
        EXPECT_EQ(panels.offset({first, vectors}), first * lanes * 3);
        next = first + vectors;
      }
      EXPECT_EQ(next, panels.vectors());
      EXPECT_GE(panels.padded_columns(), columns);
      EXPECT_LT(panels.padded_columns(), columns + lanes);
    }
  }
}

// y_i = x_i W_i^T + b_i in double precision; x and y as run() takes them.
std::vector<double> twin(const Matrices& matrices, int64_t rows, const std::vector<float>& weight,
                         const std::vector<float>& bias, const std::vector<float>& x, int64_t x_stride,
                         int64_t y_stride) {
  std::vector<double> y(static_cast<size_t>(rows * y_stride), 0);
  const auto at = [](const std::vector<float>& values, int64_t i) {
    return static_cast<double>(values[static_cast<size_t>(i)]);
  };
  for (int64_t matrix = 0; matrix < matrices.count; ++matrix) {
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t column = 0; column < matrices.out; ++column) {
        double sum = bias.empty() ? 0 : at(bias, matrix * matrices.out + column);
        for (int64_t i = 0; i < matrices.in; ++i)
          sum += at(x, row * x_stride + matrix * matrices.in + i) *
                 at(weight, (matrix * matrices.out + column) * matrices.in + i);
        y[static_cast<size_t>(row * y_stride + matrix * matrices.out + column)] = sum;
      }
    }
  }
  return y;
}

Reading floats(const std::vector<float>& values) { return {values.data(), Format::kFloat32}; }
Writing floats(std::vector<float>& values) { return {values.data(), Format::kFloat32}; }

// Each row's first columns as they should be, to so much of their size and so much more; behind them nothing was
// written.
void expect_rows(const std::vector<float>& y, const std::vector<double>& expected, int64_t columns, int64_t y_stride,
                 float untouched, double rounding, double bound) {
  for (size_t at = 0; at < y.size(); ++at) {
    const int64_t row = static_cast<int64_t>(at) / y_stride, column = static_cast<int64_t>(at) % y_stride;
    if (column < columns) {
      ASSERT_NEAR(y[at], expected[at], rounding * std::abs(expected[at]) + bound)
          << "row " << row << ", column " << column;
    } else {
      ASSERT_EQ(y[at], untouched) << "row " << row << ", column " << column;
    }
  }
}

class PanelProductTest : public testing::TestWithParam<std::tuple<int, int, int, int, bool>> {};

// In rows with neighbours, whose values it must neither use nor change.
TEST_P(PanelProductTest, MatchesItsTwin) {
  const auto& [count, rows, in, out, with_bias] = GetParam();
  const Matrices matrices{.count = count, .in = in, .out = out};
  const std::vector<float> weight = random_values(matrices.size(), 1);
  const std::vector<float> bias = with_bias ? random_values(count * out, 2) : std::vector<float>();
  const int64_t x_stride = count * in + 3, y_stride = count * out + 5;
  const std::vector<float> x = random_values(rows * x_stride, 3);
  const std::vector<double> expected = twin(matrices, rows, weight, bias, x, x_stride, y_stride);
  Status status;
  const PanelProduct product("product", matrices, weight, bias, Precision::kFloat32, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_GE(product.packed_bytes(), matrices.size() * static_cast<int64_t>(sizeof(float)));
  constexpr float kUntouched = 12345.0f;
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Bed bed(threads);
    std::vector<float> y(static_cast<size_t>(rows * y_stride), kUntouched);
    product.run(bed.context, rows, floats(x), x_stride, floats(y), y_stride);
    ASSERT_TRUE(bed.context.ok());
    expect_rows(y, expected, count * out, y_stride, kUntouched, 0, 2e-6 * std::sqrt(in) * 8);
    if (HasFatalFailure()) return;
    if (first.empty()) first = y;
    EXPECT_EQ(y, first) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, PanelProductTest,
                         testing::Combine(testing::Values(1), testing::Values(1, 2, 3, 4, 5, 7, 8, 9, 15, 97, 200),
                                          testing::Values(33), testing::Values(50), testing::Bool()));
INSTANTIATE_TEST_SUITE_P(Columns, PanelProductTest,
                         testing::Combine(testing::Values(1), testing::Values(9), testing::Values(1, 20),
                                          testing::Values(1, 3, 7, 8, 9, 15, 16, 17, 24, 25, 47, 48, 49, 64, 130),
                                          testing::Values(true)));
// Cut along the depth, evenly and not.
INSTANTIATE_TEST_SUITE_P(Depths, PanelProductTest,
                         testing::Combine(testing::Values(1), testing::Values(11),
                                          testing::Values(383, 384, 385, 769, 1151), testing::Values(40, 75),
                                          testing::Bool()));
INSTANTIATE_TEST_SUITE_P(Several, PanelProductTest,
                         testing::Combine(testing::Values(2, 9, 36), testing::Values(1, 50, 130),
                                          testing::Values(64, 400), testing::Values(17, 64), testing::Values(false)));

Tensor tensor_of(Bed& bed, int64_t rows, int64_t width, const std::vector<float>& values, Format format) {
  reference::Array array(Shape{1, 1, rows, width});
  std::ranges::copy(values, array.values.begin());
  return bed.tensor(array, format);
}

// Weights in half and 8 bits, rows in half: the twin computes with the values that are left of them.
class NarrowPanelProductTest : public testing::TestWithParam<std::tuple<Precision, Format, int, int, int, int>> {};

TEST_P(NarrowPanelProductTest, MatchesTheTwinOfWhatItKeeps) {
  const auto& [precision, format, count, rows, in, out] = GetParam();
  const Matrices matrices{.count = count, .in = in, .out = out};
  const std::vector<float> weight = random_values(matrices.size(), 1), bias = random_values(count * out, 2);
  const int64_t x_stride = count * in + 3, y_stride = count * out + 5;
  const std::vector<float> x = random_values(rows * x_stride, 3);

  std::vector<float> kept = weight, read = x;
  const auto halve = [](float value) { return float_from_float16(float16_from_float(value)); };
  if (precision == Precision::kFloat16) std::ranges::transform(kept, kept.begin(), halve);
  if (precision == Precision::kInt8) {
    const QuantizedWeight quantized = quantize_weight(weight, count * out);
    for (size_t i = 0; i < kept.size(); ++i)
      kept[i] = static_cast<float>(quantized.values[i]) * quantized.scales[i / static_cast<size_t>(in)];
  }
  if (format == Format::kFloat16) std::ranges::transform(read, read.begin(), halve);
  const std::vector<double> expected = twin(matrices, rows, kept, bias, read, x_stride, y_stride);

  Status status;
  const PanelProduct product("product", matrices, weight, bias, precision, status);
  ASSERT_TRUE(status.ok()) << status.message();
  constexpr float kUntouched = 1234.0f;
  const std::vector<float> untouched(static_cast<size_t>(rows * y_stride), kUntouched);
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Bed bed(threads);
    const Tensor from = tensor_of(bed, rows, x_stride, x, format);
    Tensor to = tensor_of(bed, rows, y_stride, untouched, format);
    product.run(bed.context, rows, from.at(0), x_stride, to.at(0), y_stride);
    ASSERT_TRUE(bed.context.ok());
    const std::vector<float> y = values_of(to);
    expect_rows(y, expected, count * out, y_stride, kUntouched, format == Format::kFloat16 ? 0x1p-11 : 0,
                2e-6 * std::sqrt(in) * 8);
    if (HasFatalFailure()) return;
    if (first.empty()) first = y;
    EXPECT_EQ(y, first) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, NarrowPanelProductTest,
                         testing::Combine(testing::Values(Precision::kFloat32, Precision::kFloat16, Precision::kInt8),
                                          testing::Values(Format::kFloat32, Format::kFloat16), testing::Values(1, 3),
                                          testing::Values(1, 9, 101), testing::Values(33, 385, 800),
                                          testing::Values(7, 48, 131, 330)));

// Half and a quarter of what float32 takes.
TEST(PanelProductOperatorTest, KeepsNarrowMatricesNarrow) {
  const Matrices matrices{.in = 640, .out = 480};
  const std::vector<float> weight = random_values(matrices.size(), 1);
  Status status;
  const auto bytes = [&](Precision precision) {
    return static_cast<double>(PanelProduct("product", matrices, weight, {}, precision, status).packed_bytes());
  };
  EXPECT_NEAR(bytes(Precision::kFloat16) / bytes(Precision::kFloat32), 0.5, 0.01);
  EXPECT_NEAR(bytes(Precision::kInt8) / bytes(Precision::kFloat32), 0.25, 0.01);
}

TEST(PanelProductOperatorTest, FindsItsMatricesPackedBefore) {
  const Matrices matrices{.count = 2, .in = 30, .out = 20};
  const std::vector<float> weight = random_values(matrices.size(), 1), bias = random_values(40, 2);
  Status status;
  PackedWeights packed, found, other;
  const PanelProduct first("product", matrices, weight, bias, {Precision::kFloat32, &packed}, status);
  EXPECT_EQ(first.packed_bytes(), 0);
  ASSERT_EQ(packed.entries().size(), 1u);
  for (const auto& [name, entry] : packed.entries()) {
    found.add(name, entry);
    other.add(name, {entry.layout + 1, entry.bytes});
  }
  const PanelProduct second("product", matrices, {}, {}, {Precision::kFloat32, &found}, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(found.grown() || found.mismatched());
  const std::vector<float> x = random_values(5 * 60, 3);
  std::vector<float> y(5 * 40), again(5 * 40);
  Bed bed(2);
  first.run(bed.context, 5, floats(x), 60, floats(y), 40);
  second.run(bed.context, 5, floats(x), 60, floats(again), 40);
  EXPECT_EQ(y, again);

  const PanelProduct third("product", matrices, {}, {}, {Precision::kFloat32, &other}, status);
  EXPECT_TRUE(other.mismatched());
}

// One bad value spoils its row and nothing else.
TEST(PanelProductOperatorTest, KeepsWhatIsNotFiniteInItsRow) {
  const Matrices matrices{.in = 70, .out = 40};
  const std::vector<float> weight = random_values(matrices.size(), 1);
  Status status;
  const PanelProduct product("product", matrices, weight, {}, Precision::kFloat32, status);
  for (const float spoilt : {INFINITY, -INFINITY, std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> x = random_values(9 * 70, 3), y(9 * 40);
    x[70 * 4 + 33] = spoilt;
    Bed bed(2);
    product.run(bed.context, 9, floats(x), 70, floats(y), 40);
    for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isfinite(y[i]), i / 40 != 4) << i;
  }
}

}  // namespace
}  // namespace mobilediffusion::kernels
