// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/byte_product.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>

#include "kernels/elementwise/quantize.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

constexpr float kUntouched = 1234.0f;

// Rows of x whose taps lie anywhere, each with a quantization of its own, and a matrix.
struct Operands {
  Operands(const TapMatrix& of, int64_t rows, uint64_t seed)
      : matrix(of),
        weight(quantize_weight(random_values(of.size(), seed), of.out)),
        bias(random_values(of.out, seed + 1)),
        x(static_cast<size_t>(rows * of.depth())),
        y_stride(of.out + 5) {
    const std::vector<float> values = random_values(rows * of.depth(), seed + 2);
    std::ranges::transform(values, x.begin(),
                           [](float value) { return static_cast<int8_t>(std::clamp(value * 60, -128.0f, 127.0f)); });
    // The extremes, where a product that saturates shows.
    std::fill_n(x.begin(), of.depth(), int8_t{-128});
    for (int64_t row = 0; row < rows; ++row)
      quantization.push_back({static_cast<int32_t>(row * 37 % 256 - 128), 0.01f + 0.001f * static_cast<float>(row)});
  }

  // Tap i of row j: the taps of all rows lie behind one another.
  const int8_t* tap(int64_t i, int64_t row) const {
    const int64_t rows = static_cast<int64_t>(quantization.size());
    return x.data() + (i * rows + row) * matrix.in;
  }

  ByteProduct::Locate locate() const {
    return [this](int64_t first, int64_t rows, ByteRows& found) {
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t i = 0; i < matrix.taps; ++i)
          found.x[i * static_cast<int64_t>(kByteRows) + row] = tap(i, first + row);
        found.sums[row] = 0;
        for (int64_t i = 0; i < matrix.taps; ++i) {
          const int8_t* const values = tap(i, first + row);
          found.sums[row] = std::accumulate(values, values + matrix.in, found.sums[row]);
        }
        found.quantization[row] = quantization[static_cast<size_t>(first + row)];
        found.y[row] = (first + row) * y_stride;
      }
    };
  }

  // By the definition.
  double expected(int64_t row, int64_t column) const {
    const Quantization& q = quantization[static_cast<size_t>(row)];
    int64_t sum = 0;
    for (int64_t i = 0; i < matrix.taps; ++i) {
      for (int64_t k = 0; k < matrix.in; ++k)
        sum += (tap(i, row)[k] - q.zero_point) *
               int64_t{weight.values[static_cast<size_t>(column * matrix.depth() + i * matrix.in + k)]};
    }
    return static_cast<double>(sum) * q.scale * weight.scales[static_cast<size_t>(column)] +
           bias[static_cast<size_t>(column)];
  }

  TapMatrix matrix;
  QuantizedWeight weight;
  std::vector<float> bias;
  std::vector<int8_t> x;
  int64_t y_stride;
  std::vector<Quantization> quantization;
};

class ByteProductTest : public testing::TestWithParam<std::tuple<int, int, int, int, Format>> {
 protected:
  void SetUp() override {
    if (byte_tiles().empty()) GTEST_SKIP() << "this processor has no VNNI";
  }
};

// Whatever instructions and however many threads: the same bits, in rows with neighbours that it must not change.
TEST_P(ByteProductTest, MatchesItsTwin) {
  const auto& [rows, taps, in, out, format] = GetParam();
  const Operands operands({.taps = taps, .in = in, .out = out}, rows, 1);
  ASSERT_TRUE(ByteProduct::suits(operands.matrix));
  std::vector<float> first;
  for (const ByteTiles* const tiles : byte_tiles()) {
    Status status;
    const ByteProduct product("product", operands.matrix, operands.weight, operands.bias, Precision::kInt8, status,
                              *tiles);
    ASSERT_TRUE(status.ok()) << status.message();
    for (const int threads : {1, 2, 3}) {
      Bed bed(threads);
      reference::Array untouched(Shape{1, 1, rows, operands.y_stride});
      std::ranges::fill(untouched.values, kUntouched);
      Tensor to = bed.tensor(untouched, format);
      product.run(bed.context, rows, operands.locate(), to.at(0));
      ASSERT_TRUE(bed.context.ok());
      const std::vector<float> y = values_of(to);
      if (first.empty()) first = y;
      ASSERT_EQ(y, first) << tiles->instructions << ", " << threads << " threads";
    }
  }
  const double rounding = format == Format::kFloat16 ? 0x1p-11 : 1e-6;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < operands.y_stride; ++column) {
      const float value = first[static_cast<size_t>(row * operands.y_stride + column)];
      if (column >= out) {
        ASSERT_EQ(value, kUntouched) << "row " << row << ", column " << column;
        continue;
      }
      const double expected = operands.expected(row, column);
      ASSERT_NEAR(value, expected, rounding * (1 + std::abs(expected))) << "row " << row << ", column " << column;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ByteProductTest,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 7, 8, 9, 15, 95, 96, 97, 200),
                                          testing::Values(1, 4), testing::Values(36), testing::Values(50),
                                          testing::Values(Format::kFloat32, Format::kFloat16)));
INSTANTIATE_TEST_SUITE_P(Columns, ByteProductTest,
                         testing::Combine(testing::Values(9), testing::Values(1), testing::Values(4, 20),
                                          testing::Values(1, 3, 7, 8, 9, 15, 16, 17, 24, 25, 47, 48, 49, 64, 130, 400),
                                          testing::Values(Format::kFloat32)));
INSTANTIATE_TEST_SUITE_P(Depths, ByteProductTest,
                         testing::Combine(testing::Values(11), testing::Values(1, 2, 9), testing::Values(8, 64, 260),
                                          testing::Values(40), testing::Values(Format::kFloat32)));
// As deep as sums of 32 bits allow.
INSTANTIATE_TEST_SUITE_P(Deepest, ByteProductTest, testing::Values(std::tuple(2, 9, 7304, 17, Format::kFloat32)));

TEST(ByteMatrixTest, SuitsWholeGroupsAndSumsOf32Bits) {
  EXPECT_TRUE(ByteProduct::suits({.taps = 9, .in = 7304, .out = 1}));
  EXPECT_FALSE(ByteProduct::suits({.taps = 9, .in = 7312, .out = 1}));
  EXPECT_FALSE(ByteProduct::suits({.taps = 1, .in = 3, .out = 1}));
  EXPECT_FALSE(ByteProduct::suits({.taps = 25, .in = 4, .out = 1}));
}

// Of rows of any length, by whatever instructions.
TEST(ByteProductOperatorTest, SumsPixels) {
  for (const ByteTiles* const tiles : byte_tiles()) {
    for (const int64_t c : {4, 8, 60, 64, 100, 256, 1284}) {
      Status status;
      const QuantizedWeight weight = quantize_weight(random_values(c, 1), 1);
      const ByteProduct product("product", {.in = c, .out = 1}, weight, {}, Precision::kInt8, status, *tiles);
      Bed bed(2);
      const Tensor x = convert(bed.context, "x", bed.tensor(random_array({2, 3, 5, c}, 2)), Format::kInt8PerPicture);
      const Tensor sums = product.sums_of_pixels(bed.context, x);
      for (int64_t i = 0; i < 30; ++i) {
        const int8_t* const values = x.quantized() + i * c;
        EXPECT_EQ(ByteProduct::sums(sums)[i], std::accumulate(values, values + c, 0))
            << tiles->instructions << " " << c;
      }
    }
  }
}

TEST(ByteProductOperatorTest, FindsItsMatrixPackedBefore) {
  if (byte_tiles().empty()) GTEST_SKIP() << "this processor has no VNNI";
  const Operands operands({.in = 32, .out = 20}, 5, 1);
  Status status;
  PackedWeights packed, found, other;
  const ByteProduct first("product", operands.matrix, operands.weight, operands.bias, {Precision::kInt8, &packed},
                          status);
  EXPECT_EQ(first.packed_bytes(), 0);
  ASSERT_EQ(packed.entries().size(), 1u);
  for (const auto& [name, entry] : packed.entries()) {
    found.add(name, entry);
    other.add(name, {entry.layout + 1, entry.bytes});
  }
  const ByteProduct second("product", operands.matrix, {}, {}, {Precision::kInt8, &found}, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(found.grown() || found.mismatched());
  Bed bed(2);
  Tensor y = bed.context.make({1, 1, 5, operands.y_stride}), again = bed.context.make({1, 1, 5, operands.y_stride});
  for (Tensor* const to : {&y, &again}) std::fill_n(to->data(), 5 * operands.y_stride, kUntouched);
  first.run(bed.context, 5, operands.locate(), y.at(0));
  second.run(bed.context, 5, operands.locate(), again.at(0));
  EXPECT_EQ(values_of(y), values_of(again));

  const ByteProduct third("product", operands.matrix, {}, {}, {Precision::kInt8, &other}, status);
  EXPECT_TRUE(other.mismatched());
}

TEST(ByteProductOperatorTest, EndsBetweenPiecesWhereItIsCancelled) {
  if (byte_tiles().empty()) GTEST_SKIP() << "this processor has no VNNI";
  const Operands operands({.in = 64, .out = 400}, 300, 1);
  Status status;
  const ByteProduct product("product", operands.matrix, operands.weight, {}, Precision::kInt8, status);
  Bed bed(2);
  Tensor y = bed.context.make({1, 1, 300, operands.y_stride});
  std::fill_n(y.data(), y.shape().elements(), kUntouched);
  const std::atomic<bool> cancelled = true;
  bed.context.set_cancel_flag(CancelFlag(&cancelled));
  product.run(bed.context, 300, operands.locate(), y.at(0));
  EXPECT_EQ(std::count(y.data(), y.data() + y.shape().elements(), kUntouched), y.shape().elements());
}

// A row whose scale is no number spoils itself and nothing else.
TEST(ByteProductOperatorTest, KeepsWhatIsNotFiniteInItsRow) {
  if (byte_tiles().empty()) GTEST_SKIP() << "this processor has no VNNI";
  Operands operands({.in = 64, .out = 40}, 9, 1);
  operands.quantization[4].scale = std::numeric_limits<float>::quiet_NaN();
  Status status;
  const ByteProduct product("product", operands.matrix, operands.weight, {}, Precision::kInt8, status);
  Bed bed(2);
  Tensor y = bed.context.make({1, 1, 9, operands.y_stride});
  product.run(bed.context, 9, operands.locate(), y.at(0));
  for (int64_t row = 0; row < 9; ++row) {
    for (int64_t column = 0; column < 40; ++column)
      EXPECT_EQ(std::isfinite(y.data()[row * operands.y_stride + column]), row != 4) << row << ", " << column;
  }
}

}  // namespace
}  // namespace mobilediffusion::kernels
