// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/conv2d.h"

#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

enum Kind { kPlain, kDepthwise, kUpsample, kPadAfter };

// (in, out, kernel, stride, kind), (n, h, w)
using Case = std::tuple<std::tuple<int, int, int, int, Kind>, std::tuple<int, int, int>>;

class Conv2dTest : public testing::TestWithParam<Case> {
 protected:
  Conv2dSpec spec() const {
    const auto& [in, out, kernel, stride, kind] = std::get<0>(GetParam());
    return {.in_channels = in,
            .out_channels = out,
            .kernel = kernel,
            .stride = stride,
            .pad_before = kind != kPadAfter,
            .depthwise = kind == kDepthwise,
            .upsample_2x = kind == kUpsample};
  }
  Shape shape() const {
    const auto& [n, h, w] = std::get<1>(GetParam());
    return {n, h, w, spec().in_channels};
  }
};

TEST_P(Conv2dTest, MatchesItsTwin) {
  const Conv2dSpec spec = this->spec();
  const TestWeight weight({spec.out_channels, spec.depthwise ? 1 : spec.in_channels, spec.kernel, spec.kernel}, 1);
  const TestWeight bias({spec.out_channels}, 2);
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), Precision::kFloat32, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array(shape(), 3);
  expect_matches(reference::conv2d(x, spec, weight.values(), bias.values()), 1e-5,
                 [&](Bed& bed) { return conv(bed.context, bed.tensor(x)); });
}

// From activations in either type, whose rounding is not the operator's.
TEST_P(Conv2dTest, Float16MatchesItsTwinOnRoundedOperands) {
  if (!computes_float16()) GTEST_SKIP() << "not on this processor";
  const Conv2dSpec spec = this->spec();
  const TestWeight weight({spec.out_channels, spec.depthwise ? 1 : spec.in_channels, spec.kernel, spec.kernel}, 1);
  const TestWeight bias({spec.out_channels}, 2);
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), Precision::kFloat16, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array(shape(), 3);
  // An upsampling's kernel is rounded after its taps were added up.
  const reference::Array expected =
      reference::conv2d(halves(x), spec, spec.upsample_2x ? weight.values() : halves(weight.values()), bias.values());
  const int64_t addends = int64_t{spec.kernel} * spec.kernel * (spec.depthwise ? 1 : spec.in_channels);
  for (const Format format : {Format::kFloat32, Format::kFloat16}) {
    expect_matches(expected, half_sums(addends), [&](Bed& bed) {
      Tensor y = conv(bed.context, bed.tensor(x, format));
      EXPECT_EQ(y.format(), Format::kFloat16);
      return y;
    });
  }
}

// In 8 bits the arithmetic is exact; what is lost, is lost in quantising the operands.
TEST_P(Conv2dTest, Int8MatchesItsTwinOnQuantizedOperands) {
  const Conv2dSpec spec = this->spec();
  if (spec.depthwise || (spec.kernel == 1 && spec.out_channels <= 64)) GTEST_SKIP() << "is not quantised";
  const TestWeight weight({spec.out_channels, spec.in_channels, spec.kernel, spec.kernel}, 1);
  const TestWeight bias({spec.out_channels}, 2);
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), Precision::kInt8, status);
  ASSERT_TRUE(status.ok()) << status.message();
  const reference::Array x = random_array(shape(), 3);
  // An upsampling's kernel is quantised after its taps were added up, which a 3x3 kernel cannot say. On some processors
  // a kernel's values at Winograd's points are kept in half.
  const reference::Values rounded = spec.upsample_2x ? weight.values() : quantized(weight.values(), spec.out_channels);
  const reference::Array seen = as_read(x, conv.input_format());
  expect_matches(reference::conv2d(seen, spec, rounded, bias.values()), spec.upsample_2x ? 0.02 : 2 * int8_rounding(),
                 [&](Bed& bed) { return conv(bed.context, bed.tensor(x)); });
  expect_matches(reference::conv2d(x, spec, weight.values(), bias.values()), 0.04,
                 [&](Bed& bed) { return conv(bed.context, bed.tensor(x)); });
}

TEST_P(Conv2dTest, CountsWithoutComputing) {
  const Conv2dSpec spec = this->spec();
  Status status;
  const Conv2d conv("conv", spec, {}, {}, Precision::kFloat32, status);
  ASSERT_TRUE(status.ok());
  Bed bed(1, Arena::Mode::kMeasure);
  Trace trace;
  bed.context.set_trace(&trace);
  const Tensor y = conv(bed.context, bed.context.make(shape()));
  EXPECT_EQ(y.shape(), spec.out_shape(shape()));
  EXPECT_EQ(y.data(), nullptr);
  ASSERT_EQ(trace.size(), 1u);
  EXPECT_EQ(trace[0].name, "conv");
  EXPECT_EQ(trace[0].macs, y.shape().elements() * spec.kernel * spec.kernel * (spec.depthwise ? 1 : spec.in_channels));
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Conv2dTest,
    testing::Combine(testing::Values(std::tuple(1, 1, 3, 1, kPlain), std::tuple(3, 17, 3, 1, kPlain),
                                     std::tuple(8, 8, 1, 1, kPlain), std::tuple(33, 7, 1, 1, kPlain),
                                     std::tuple(16, 24, 3, 2, kPlain), std::tuple(5, 3, 3, 2, kPlain),
                                     std::tuple(64, 40, 3, 1, kPlain), std::tuple(5, 192, 3, 1, kPlain),
                                     std::tuple(3, 256, 3, 1, kUpsample), std::tuple(1, 1, 3, 1, kDepthwise),
                                     std::tuple(7, 7, 3, 1, kDepthwise), std::tuple(32, 32, 3, 1, kDepthwise),
                                     std::tuple(65, 65, 3, 2, kDepthwise), std::tuple(1, 1, 3, 1, kUpsample),
                                     std::tuple(5, 9, 3, 1, kUpsample), std::tuple(64, 40, 3, 1, kUpsample),
                                     std::tuple(3, 5, 3, 2, kPadAfter), std::tuple(32, 32, 3, 2, kPadAfter),
                                     std::tuple(65, 70, 3, 1, kPlain), std::tuple(21, 5, 3, 1, kPlain),
                                     std::tuple(9, 70, 1, 1, kPlain), std::tuple(65, 70, 3, 1, kUpsample),
                                     std::tuple(16, 8, 3, 1, kPlain), std::tuple(20, 1, 3, 1, kPlain),
                                     std::tuple(37, 6, 3, 1, kPlain), std::tuple(64, 3, 3, 1, kPlain),
                                     std::tuple(33, 2, 3, 1, kPlain), std::tuple(320, 4, 3, 1, kPlain)),
                     testing::Values(std::tuple(1, 1, 1), std::tuple(1, 1, 9), std::tuple(2, 5, 3),
                                     std::tuple(1, 16, 16), std::tuple(1, 7, 31))));

// So wide that their output channels are computed in blocks.
INSTANTIATE_TEST_SUITE_P(Wide, Conv2dTest,
                         testing::Combine(testing::Values(std::tuple(200, 150, 3, 2, kPlain),
                                                          std::tuple(550, 500, 3, 1, kPlain),
                                                          std::tuple(900, 1000, 1, 1, kPlain)),
                                          testing::Values(std::tuple(1, 3, 5))));

TEST(Conv2dOperatorTest, RefusesAWeightThatIsNotFinite) {
  std::vector<float> weight(9, 1.0f), bias(1, 0.0f);
  weight[4] = NAN;
  Status status;
  const Conv2d conv("unet.conv_in", {.in_channels = 1, .out_channels = 1},
                    {DataType::kFloat32, {1, 1, 3, 3}, weight.data()}, {DataType::kFloat32, {1}, bias.data()},
                    Precision::kFloat32, status);
  EXPECT_EQ(status.code(), StatusCode::kNonFinite);
  EXPECT_NE(status.message().find("unet.conv_in.weight"), std::string::npos);
}

TEST(Conv2dOperatorTest, ServesOneShapeAfterAnother) {
  const Conv2dSpec spec{.in_channels = 4, .out_channels = 6};
  const TestWeight weight({6, 4, 3, 3}, 1), bias({6}, 2);
  Status status;
  const Conv2d conv("conv", spec, weight.view(), bias.view(), Precision::kFloat32, status);
  for (const int64_t side : {9, 3, 12, 1}) {
    const reference::Array x = random_array({1, side, side + 1, 4}, static_cast<uint64_t>(side));
    expect_matches(reference::conv2d(x, spec, weight.values(), bias.values()), 1e-5,
                   [&](Bed& bed) { return conv(bed.context, bed.tensor(x)); });
  }
}

// Packed weights are held by the operator, or by the store that it was given; a thin and a depthwise convolution's stay
// its own.
TEST(Conv2dOperatorTest, SaysWhatItHolds) {
  const Conv2dSpec pointwise{.in_channels = 100, .out_channels = 200, .kernel = 1};
  const Conv2dSpec thin{.in_channels = 64, .out_channels = 4}, winograd{.in_channels = 64, .out_channels = 64};
  const Conv2dSpec upsampling{.in_channels = 8, .out_channels = 70, .upsample_2x = true};
  const Conv2dSpec depthwise{.in_channels = 96, .out_channels = 96, .depthwise = true};
  const Conv2dSpec strided{.in_channels = 32, .out_channels = 70, .stride = 2};
  for (const Conv2dSpec& spec : {pointwise, thin, winograd, upsampling, depthwise, strided}) {
    for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
      const TestWeight weight({spec.out_channels, spec.depthwise ? 1 : spec.in_channels, spec.kernel, spec.kernel}, 1);
      const TestWeight bias({spec.out_channels}, 2);
      PackedWeights store;
      Status status;
      const Conv2d own("conv", spec, weight.view(), bias.view(), precision, status);
      const Conv2d stored("conv", spec, weight.view(), bias.view(), Packing(precision, &store), status);
      ASSERT_TRUE(status.ok()) << status.message();
      int64_t in_store = 0;
      for (const auto& [name, entry] : store.entries()) in_store += static_cast<int64_t>(entry.bytes.size());
      EXPECT_GE(own.packed_bytes(), weight.view().elements());  // a byte each at least
      // XNNPACK has 2 KB of its own for each operator, of which a stored one has some for parts of pictures; on Arm, where
      // the cores of a processor may differ, half as much again.
#ifdef __aarch64__
      constexpr double kOperators = 1.5;
#else
      constexpr double kOperators = 1;
#endif
      EXPECT_NEAR(static_cast<double>(stored.packed_bytes() + in_store), static_cast<double>(own.packed_bytes()),
                  8192 * kOperators);
      if (in_store > 0) {
        EXPECT_LT(static_cast<double>(stored.packed_bytes()), 10000 * kOperators);
      }
      EXPECT_EQ(in_store == 0, spec.depthwise || (spec.out_channels == 4 && precision == Precision::kFloat32));
    }
  }
  Status status;
  EXPECT_EQ(Conv2d("conv", thin, {}, {}, Precision::kFloat32, status).packed_bytes(), 0);  // only counts
}

}  // namespace
}  // namespace mobilediffusion::kernels
