// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Operators of half precision whose weights, or whose sums, lie where half has few digits or none.
#include "kernels/packing/magnified_weights.h"

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/convolution/conv2d.h"
#include "kernels/linear/linear.h"
#include "kernels/product/bfloat16_product.h"
#include "kernels/product/panel_product.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

struct Faintness {
  float input, weight, bias;
};

// Sums that begin below 2^-14, weights that are below it.
constexpr Faintness kFaint[] = {{0.02f, 1e-3f, 1e-4f}, {64.0f, 1e-7f, 1e-5f}, {1.0f, 2e-6f, 0.0f}};

class FaintWeights : public testing::Test {
 protected:
  void SetUp() override {
    if (!computes_float16()) GTEST_SKIP() << "not on this processor";
  }
};

void expect_digits(const reference::Array& x, const reference::Array& expected, int64_t addends,
                   const std::function<Tensor(Bed&, const Tensor&)>& kernel) {
  expect_matches(expected, half_sums(addends), [&](Bed& bed) { return kernel(bed, bed.tensor(x, Format::kFloat16)); });
}

TEST_F(FaintWeights, ProductsKeepTheirDigits) {
  for (const Faintness& faint : kFaint) {
    for (const int out : {7, 64, 300}) {
      constexpr int kIn = 400;
      const LinearSpec spec{.in = kIn, .out = out};
      const TestWeight weight({out, kIn}, 1, faint.weight), bias({out}, 2, faint.bias);
      Status status;
      const Linear linear("linear", spec, weight.view(), bias.view(), Precision::kFloat16, status);
      ASSERT_TRUE(status.ok()) << status.message();
      const reference::Array x = halves(random_array({1, 1, 20, kIn}, 3, faint.input));
      expect_digits(x, reference::linear(x, spec, weight.values(), bias.values()), kIn,
                    [&](Bed& bed, const Tensor& from) { return linear(bed.context, from); });
    }
  }
}

TEST_F(FaintWeights, ConvolutionsKeepTheirDigits) {
  const Conv2dSpec specs[] = {{.in_channels = 48, .out_channels = 48, .kernel = 3},
                              {.in_channels = 48, .out_channels = 48, .kernel = 3, .stride = 2},
                              {.in_channels = 48, .out_channels = 40, .kernel = 3, .upsample_2x = true},
                              {.in_channels = 48, .out_channels = 48, .kernel = 3, .depthwise = true},
                              {.in_channels = 48, .out_channels = 70, .kernel = 1}};
  for (const Faintness& faint : kFaint) {
    for (const Conv2dSpec& spec : specs) {
      const int in = spec.depthwise ? 1 : spec.in_channels;
      const TestWeight weight({spec.out_channels, in, spec.kernel, spec.kernel}, 1, faint.weight);
      const TestWeight bias({spec.out_channels}, 2, faint.bias);
      Status status;
      const Conv2d conv("conv", spec, weight.view(), bias.view(), Precision::kFloat16, status);
      ASSERT_TRUE(status.ok()) << status.message();
      const reference::Array x = halves(random_array({1, 9, 7, spec.in_channels}, 3, faint.input));
      expect_digits(x, reference::conv2d(x, spec, weight.values(), bias.values()),
                    int64_t{in} * spec.kernel * spec.kernel,
                    [&](Bed& bed, const Tensor& from) { return conv(bed.context, from); });
    }
  }
}

// The power is kept beside the packed weights, which are found without the weights themselves.
TEST_F(FaintWeights, AreKnownFromTheStore) {
  constexpr int kIn = 48, kOut = 40;
  const LinearSpec spec{.in = kIn, .out = kOut};
  const TestWeight weight({kOut, kIn}, 1, 1e-6f), bias({kOut}, 2, 1e-6f);
  const std::vector<float> nothing(kIn * kOut, std::numeric_limits<float>::quiet_NaN());
  const WeightView no_weight{DataType::kFloat32, {kOut, kIn}, nothing.data()};
  const WeightView no_bias{DataType::kFloat32, {kOut}, nothing.data()};
  const reference::Array x = halves(random_array({1, 1, 5, kIn}, 3));
  PackedWeights store;
  for (const bool again : {false, true}) {
    Status status;
    const Linear linear("linear", spec, again ? no_weight : weight.view(), again ? no_bias : bias.view(),
                        Packing(Precision::kFloat16, &store), status);
    ASSERT_TRUE(status.ok()) << status.message();
    expect_digits(x, reference::linear(x, spec, weight.values(), bias.values()), kIn,
                  [&](Bed& bed, const Tensor& from) { return linear(bed.context, from); });
  }
  EXPECT_FALSE(store.mismatched());
  // Our own products need none: they keep powers of two beside their columns, or multiply in float32's range.
  EXPECT_NE(store.contains("linear.exponent"),
            PanelProduct::suits_processor(Precision::kFloat16) || Bfloat16Product::suits_processor());
}

int exponent_of(float scale, float offset, Precision precision) {
  std::vector<float> weight(64 * 100, scale), bias(64, offset);
  Status status;
  Magnification magnification("name", precision);
  magnification.magnify(64, weight, bias, status);
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(weight[0] * magnification.remedy(), scale);
  EXPECT_EQ(bias[0] * magnification.remedy(), offset);
  return std::ilogb(1 / magnification.remedy());
}

// An output is ten times a weight, for inputs of one.
TEST(Magnification, BringsResultsToTheirInputsSize) {
  EXPECT_EQ(exponent_of(0.1f, 0, Precision::kFloat16), 0);
  EXPECT_EQ(exponent_of(0.0126f, 0, Precision::kFloat16), 0);  // just an eighth
  EXPECT_EQ(exponent_of(0.0124f, 0, Precision::kFloat16), 3);
  EXPECT_EQ(exponent_of(1e-4f, 0, Precision::kFloat16), 9);  // 1e-3 to 0.512
  EXPECT_EQ(exponent_of(1e-4f, 8, Precision::kFloat16), 7);  // a bias of 1024 at most
  EXPECT_EQ(exponent_of(1e-4f, 5000, Precision::kFloat16), 0);
  EXPECT_EQ(exponent_of(1e-15f, 0, Precision::kFloat16), 30);
  EXPECT_EQ(exponent_of(0, 0, Precision::kFloat16), 0);
  EXPECT_EQ(exponent_of(1e-4f, 0, Precision::kFloat32), 0);
  EXPECT_EQ(exponent_of(1e-4f, 0, Precision::kInt8), 0);
}

}  // namespace
}  // namespace mobilediffusion::kernels
