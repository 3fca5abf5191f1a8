// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/elementwise/elementwise.h"

#include <limits>
#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

class ElementwiseTest : public testing::TestWithParam<Shape> {};

INSTANTIATE_TEST_SUITE_P(Shapes, ElementwiseTest,
                         testing::Values(Shape{1, 1, 1, 2}, Shape{1, 3, 5, 6}, Shape{2, 7, 3, 34}, Shape{1, 33, 31, 66},
                                         Shape{1, 1, 77, 768}));

TEST_P(ElementwiseTest, ActivationsMatchTheirTwins) {
  for (const auto activation :
       {Activation::kSilu, Activation::kQuickGelu, Activation::kGelu, Activation::kRelu, Activation::kTanh}) {
    const reference::Array x = random_array(GetParam(), 1, 4.0);
    reference::Array expected(x.shape);
    std::transform(x.values.begin(), x.values.end(), expected.values.begin(),
                   [&](double v) { return reference::activate(activation, v); });
    expect_matches(expected, 1e-6, [&](Bed& bed) {
      Tensor y = bed.tensor(x);
      activate(bed.context, "activation", activation, y);
      return y;
    });
    expect_matches(expected, kHalfRounding, [&](Bed& bed) {
      Tensor y = bed.tensor(x, Format::kFloat16);
      activate(bed.context, "activation", activation, y);
      return y;
    });
  }
}

TEST_P(ElementwiseTest, AddsMatchTheirTwins) {
  const Shape shape = GetParam();
  const reference::Array x = random_array(shape, 1), y = random_array(shape, 2),
                         v = random_array({shape.n, 1, 1, shape.c}, 3);
  reference::Array sum(shape), with_vector(shape);
  for (size_t i = 0; i < sum.values.size(); ++i) {
    sum.values[i] = x.values[i] + y.values[i];
    const auto picture = static_cast<int64_t>(i) / (shape.pixels() * shape.c);
    with_vector.values[i] = x.values[i] + v.at(picture, 0, 0, static_cast<int64_t>(i) % shape.c);
  }
  for (const auto& [to_format, from_format, tolerance] :
       {std::tuple(Format::kFloat32, Format::kFloat32, 1e-7),
        std::tuple(Format::kFloat32, Format::kFloat16, kHalfRounding),
        std::tuple(Format::kFloat16, Format::kFloat32, kHalfRounding),
        std::tuple(Format::kFloat16, Format::kFloat16, kHalfRounding)}) {
    expect_matches(sum, tolerance, [&, into = to_format, from = from_format](Bed& bed) {
      Tensor to = bed.tensor(x, into);
      add(bed.context, "add", to, bed.tensor(y, from));
      return to;
    });
    expect_matches(with_vector, tolerance, [&, into = to_format, from = from_format](Bed& bed) {
      Tensor to = bed.tensor(x, into);
      add_to_pixels(bed.context, "add", to, bed.tensor(v, from));
      return to;
    });
  }
}

TEST_P(ElementwiseTest, GatesMatchTheirTwins) {
  const reference::Array x = random_array(GetParam(), 1, 3.0);
  for (const auto activation : {Activation::kSilu, Activation::kGelu}) {
    const reference::Array expected = reference::gated(activation, x);
    expect_matches(expected, 1e-6, [&](Bed& bed) { return gated(bed.context, "gate", activation, bed.tensor(x)); });
    expect_matches(reference::gated(activation, halves(x)), kHalfRounding, [&](Bed& bed) {
      return gated(bed.context, "gate", activation, bed.tensor(x, Format::kFloat16), Format::kFloat16);
    });
    for (const Format format : {Format::kInt8PerRow, Format::kInt8PerPicture}) {
      expect_matches(quantized(expected, format), 1.0 / 128,
                     [&](Bed& bed) { return gated(bed.context, "gate", activation, bed.tensor(x), format); });
    }
  }
}

TEST_P(ElementwiseTest, CopiesAreExact) {
  Shape other = GetParam();
  other.c += 3;
  const reference::Array x = random_array(GetParam(), 1), y = random_array(other, 2);
  expect_matches(reference::concatenate(x, y), 0,
                 [&](Bed& bed) { return concatenate(bed.context, "join", bed.tensor(x), bed.tensor(y)); });
  expect_matches(reference::concatenate(halves(x), halves(y)), 0, [&](Bed& bed) {
    return concatenate(bed.context, "join", bed.tensor(x, Format::kFloat16), bed.tensor(y));
  });
}

// Far out, where exponentials overflow, an activation is the identity or zero, and never a NaN.
TEST(ActivationTest, StaysFiniteFarOut) {
  for (const auto activation :
       {Activation::kSilu, Activation::kQuickGelu, Activation::kGelu, Activation::kRelu, Activation::kTanh}) {
    for (const float value :
         {-1e30f, -1e4f, -104.0f, -100.0f, -90.0f, -88.8f, -50.0f, 0.0f, 50.0f, 100.0f, 1e4f, 1e30f}) {
      Bed bed(1);
      Tensor y = bed.context.make({1, 1, 1, 5});
      std::fill_n(y.data(), 5, value);
      activate(bed.context, "activation", activation, y);
      const double expected = reference::activate(activation, value);
      for (int i = 0; i < 5; ++i) EXPECT_NEAR(y.data()[i], expected, 1e-6 * std::max(1.0, std::abs(expected))) << value;
    }
  }
}

// Else a wrong value somewhere becomes a picture.
TEST(ActivationTest, KeepsWhatIsNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto activation :
       {Activation::kSilu, Activation::kQuickGelu, Activation::kGelu, Activation::kRelu, Activation::kTanh}) {
    for (const Format format : {Format::kFloat32, Format::kFloat16}) {
      for (const float value : {nan, -nan}) {
        Bed bed(1);
        reference::Array x = random_array({1, 1, 1, 37}, 1);
        for (const int64_t i : {0, 17, 36}) x.at(0, 0, 0, i) = value;
        Tensor y = bed.tensor(x, format);
        activate(bed.context, "activation", activation, y);
        const std::vector<float> answer = values_of(y);
        for (int i = 0; i < 37; ++i) {
          EXPECT_EQ(std::isnan(answer[static_cast<size_t>(i)]), i == 0 || i == 17 || i == 36)
              << static_cast<int>(activation) << ", element " << i;
        }
      }
    }
  }
}

TEST_P(ElementwiseTest, OneValueThatIsNotFiniteIsSeenAnywhere) {
  Bed bed(2);
  const reference::Array x = random_array(GetParam(), 1);
  Tensor y = bed.tensor(x);
  EXPECT_TRUE(all_finite(bed.context, y));
  const int64_t count = y.shape().elements();
  for (const int64_t i : {int64_t{0}, count / 3, count - 1}) {
    for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity()}) {
      const float before = y.data()[i];
      y.data()[i] = poison;
      EXPECT_FALSE(all_finite(bed.context, y)) << "element " << i;
      y.data()[i] = before;
    }
  }
  y.data()[0] = std::numeric_limits<float>::max();
  EXPECT_TRUE(all_finite(bed.context, y));
}

}  // namespace
}  // namespace mobilediffusion::kernels
