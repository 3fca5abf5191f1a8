// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/bfloat16_product.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

constexpr float kUntouched = 1234.0f;

double rounded(double value) { return float_from_bfloat16(bfloat16_from_float(static_cast<float>(value))); }

// Rows of x whose taps are pixels anywhere, or outside; and a matrix.
struct Operands {
  Operands(const TapMatrix& of, int64_t rows, uint64_t seed)
      : matrix(of),
        rows(rows),
        weight(random_values(of.out * of.depth(), seed)),
        bias(random_values(of.out, seed + 1)),
        x(random_array({1, 1, rows * of.taps, of.in}, seed + 2)),
        y_stride(of.out + 5) {}

  // Of tap i of a row: rows of one tap lie behind one another, but those of tap 1 at no equal distances. Every seventh
  // is outside.
  int64_t pixel(int64_t i, int64_t row) const {
    if ((i + row) % 7 == 6) return -1;
    return i * rows + (i == 1 ? row * 5 % rows : row);
  }

  Bfloat16Product::Locate locate(const RoundedPixels& pixels) const {
    return [this, &pixels](int64_t first, int64_t count, Bfloat16Product::Rows& found) {
      for (int64_t row = 0; row < count; ++row) {
        for (int64_t i = 0; i < matrix.taps; ++i) {
          const int64_t at = pixel(i, first + row);
          found.x[i * static_cast<int64_t>(Bfloat16Product::kRowsAtOnce) + row] =
              at < 0 ? pixels.zeros() : pixels.pixel(at);
        }
        found.y[row] = (first + row) * y_stride;
      }
    };
  }

  // By the definition, and the sum of its terms' sizes, which roundings are shares of.
  std::pair<double, double> expected(int64_t row, int64_t column) const {
    double sum = bias[static_cast<size_t>(column)], size = std::abs(sum);
    for (int64_t i = 0; i < matrix.taps; ++i) {
      const int64_t at = pixel(i, row);
      for (int64_t k = 0; at >= 0 && k < matrix.in; ++k) {
        const double term = rounded(x.values[static_cast<size_t>(at * matrix.in + k)]) *
                            rounded(weight[static_cast<size_t>(column * matrix.depth() + i * matrix.in + k)]);
        sum += term;
        size += std::abs(term);
      }
    }
    return {sum, size};
  }

  TapMatrix matrix;
  int64_t rows;
  std::vector<float> weight, bias;
  reference::Array x;
  int64_t y_stride;
};

class Bfloat16ProductTest : public testing::TestWithParam<std::tuple<int, int, int, int, Format, Format>> {
 protected:
  void SetUp() override {
    if (!Bfloat16Product::suits_processor()) GTEST_SKIP() << "this processor has no tiles of bfloat16";
  }
};

// With however many threads: the same bits, in rows with neighbours that it must not change.
TEST_P(Bfloat16ProductTest, MatchesItsTwin) {
  const auto& [rows, taps, in, out, from, to_format] = GetParam();
  const Operands operands({.taps = taps, .in = in, .out = out}, rows, 1);
  ASSERT_TRUE(Bfloat16Product::suits(operands.matrix));
  Status status;
  const Bfloat16Product product("product", operands.matrix, operands.weight, operands.bias, Precision::kFloat16,
                                status);
  ASSERT_TRUE(status.ok()) << status.message();
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    Bed bed(threads);
    reference::Array untouched(Shape{1, 1, rows, operands.y_stride});
    std::ranges::fill(untouched.values, kUntouched);
    Tensor to = bed.tensor(untouched, to_format);
    const RoundedPixels pixels(bed.context, bed.tensor(operands.x, from));
    product.run(bed.context, rows, operands.locate(pixels), to.at(0));
    ASSERT_TRUE(bed.context.ok());
    const std::vector<float> y = values_of(to);
    if (first.empty()) first = y;
    ASSERT_EQ(y, first) << threads << " threads";
  }
  Operands twin = operands;
  if (from == Format::kFloat16) twin.x = halves(twin.x);
  const double storing = to_format == Format::kFloat16 ? 0x1p-11 : 0x1p-23;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < operands.y_stride; ++column) {
      const float value = first[static_cast<size_t>(row * operands.y_stride + column)];
      if (column >= out) {
        ASSERT_EQ(value, kUntouched) << "row " << row << ", column " << column;
        continue;
      }
      const auto [expected, size] = twin.expected(row, column);
      ASSERT_NEAR(value, expected, storing * (std::abs(expected) + 0x1p-10) + 1e-6 * size)
          << "row " << row << ", column " << column;
    }
  }
}

constexpr Format kSingle = Format::kFloat32, kHalf = Format::kFloat16;
INSTANTIATE_TEST_SUITE_P(Rows, Bfloat16ProductTest,
                         testing::Combine(testing::Values(1, 2, 15, 16, 17, 31, 32, 33, 95, 96, 97, 200),
                                          testing::Values(1, 4), testing::Values(36), testing::Values(50),
                                          testing::Values(kSingle, kHalf), testing::Values(kSingle, kHalf)));
INSTANTIATE_TEST_SUITE_P(Columns, Bfloat16ProductTest,
                         testing::Combine(testing::Values(9), testing::Values(1), testing::Values(3, 20),
                                          testing::Values(8, 15, 16, 17, 31, 32, 33, 48, 64, 65, 130, 400),
                                          testing::Values(kHalf), testing::Values(kHalf)));
INSTANTIATE_TEST_SUITE_P(Depths, Bfloat16ProductTest,
                         testing::Combine(testing::Values(40), testing::Values(1, 2, 9),
                                          testing::Values(1, 2, 31, 32, 33, 64, 260), testing::Values(40),
                                          testing::Values(kHalf), testing::Values(kSingle)));

TEST(TiledMatrixTest, SuitsWhatFillsTiles) {
  EXPECT_TRUE(Bfloat16Product::suits({.taps = 9, .in = 4, .out = 320}));
  EXPECT_FALSE(Bfloat16Product::suits({.taps = 9, .in = 128, .out = 3}));
  EXPECT_FALSE(Bfloat16Product::suits({.taps = 25, .in = 4, .out = 320}));
}

// Halves to even, and nothing of a value that is none.
TEST(Bfloat16TilesTest, RoundsAsTheDefinitionDoes) {
  if (!has_bfloat16_tiles()) GTEST_SKIP() << "this processor has no tiles of bfloat16";
  std::vector<float> values = random_values(333, 1);
  values.insert(values.end(), {0.0f, -0.0f, 1.0f, 0x1.01p0f, 0x1.03p0f, 0x1.0101p0f, 65504.0f, -0x1p-14f});
  std::vector<Bfloat16> to(values.size() + 1, Bfloat16{0x4321});
  round_to_bfloat16({values.data(), Format::kFloat32}, values.size(), to.data());
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(to[i].bits, bfloat16_from_float(values[i])) << values[i];
  EXPECT_EQ(to.back().bits, 0x4321);
  const float infinity = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
  for (const float value : {infinity, -infinity, none}) {
    round_to_bfloat16({&value, Format::kFloat32}, 1, to.data());
    EXPECT_EQ(std::isnan(float_from_bfloat16(to[0].bits)), std::isnan(value));
    if (!std::isnan(value)) {
      EXPECT_EQ(float_from_bfloat16(to[0].bits), value);
    }
  }
}

TEST(Bfloat16ProductOperatorTest, FindsItsMatrixPackedBefore) {
  if (!Bfloat16Product::suits_processor()) GTEST_SKIP() << "this processor has no tiles of bfloat16";
  const Operands operands({.in = 32, .out = 20}, 5, 1);
  Status status;
  PackedWeights packed, found, other;
  const Bfloat16Product first("product", operands.matrix, operands.weight, operands.bias,
                              {Precision::kFloat16, &packed}, status);
  EXPECT_EQ(first.packed_bytes(), 0);
  ASSERT_EQ(packed.entries().size(), 1u);
  for (const auto& [name, entry] : packed.entries()) {
    found.add(name, entry);
    other.add(name, {entry.layout + 1, entry.bytes});
  }
  const Bfloat16Product second("product", operands.matrix, {}, {}, {Precision::kFloat16, &found}, status);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_FALSE(found.grown() || found.mismatched());
  Bed bed(2);
  const RoundedPixels pixels(bed.context, bed.tensor(operands.x));
  Tensor y = bed.context.make({1, 1, 5, operands.y_stride}), again = bed.context.make({1, 1, 5, operands.y_stride});
  for (Tensor* const to : {&y, &again}) std::fill_n(to->data(), 5 * operands.y_stride, kUntouched);
  first.run(bed.context, 5, operands.locate(pixels), y.at(0));
  second.run(bed.context, 5, operands.locate(pixels), again.at(0));
  EXPECT_EQ(values_of(y), values_of(again));

  const Bfloat16Product third("product", operands.matrix, {}, {}, {Precision::kFloat16, &other}, status);
  EXPECT_TRUE(other.mismatched());
}

TEST(Bfloat16ProductOperatorTest, EndsBetweenPiecesWhereItIsCancelled) {
  if (!Bfloat16Product::suits_processor()) GTEST_SKIP() << "this processor has no tiles of bfloat16";
  const Operands operands({.in = 64, .out = 400}, 300, 1);
  Status status;
  const Bfloat16Product product("product", operands.matrix, operands.weight, {}, Precision::kFloat16, status);
  Bed bed(2);
  const RoundedPixels pixels(bed.context, bed.tensor(operands.x));
  Tensor y = bed.context.make({1, 1, 300, operands.y_stride});
  std::fill_n(y.data(), y.shape().elements(), kUntouched);
  const std::atomic<bool> cancelled = true;
  bed.context.set_cancel_flag(CancelFlag(&cancelled));
  product.run(bed.context, 300, operands.locate(pixels), y.at(0));
  EXPECT_EQ(std::count(y.data(), y.data() + y.shape().elements(), kUntouched), y.shape().elements());
}

// A row that is no number spoils itself and nothing else, the padding behind a pixel included.
TEST(Bfloat16ProductOperatorTest, KeepsWhatIsNotFiniteWhereItIsAsked) {
  if (!Bfloat16Product::suits_processor()) GTEST_SKIP() << "this processor has no tiles of bfloat16";
  Operands operands({.in = 64, .out = 40}, 9, 1);
  operands.x.values[4 * 64 + 3] = std::numeric_limits<double>::infinity();
  Status status;
  const Bfloat16Product product("product", operands.matrix, operands.weight, {}, Precision::kFloat16, status);
  Bed bed(2);
  const RoundedPixels pixels(bed.context, bed.tensor(operands.x));
  Tensor y = bed.context.make({1, 1, 9, operands.y_stride});
  product.run(bed.context, 9, operands.locate(pixels), y.at(0));
  for (int64_t row = 0; row < 9; ++row) {
    for (int64_t column = 0; column < 40; ++column)
      EXPECT_EQ(std::isfinite(y.data()[row * operands.y_stride + column]), row != 4) << row << ", " << column;
  }
}

}  // namespace
}  // namespace mobilediffusion::kernels
