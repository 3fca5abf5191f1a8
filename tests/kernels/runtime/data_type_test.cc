// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/data_type.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/packing/weight.h"

namespace mobilediffusion::kernels {
namespace {

// A half's value by its definition.
double by_definition(uint16_t bits) {
  const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return mantissa != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024 + mantissa, exponent - 25);
}

TEST(DataTypeTest, EveryHalfIsReadByItsDefinition) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double expected = by_definition(static_cast<uint16_t>(bits));
    const float value = float_from_float16(static_cast<uint16_t>(bits));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(value, expected) << bits;
      ASSERT_EQ(std::signbit(value), std::signbit(expected)) << bits;
      ASSERT_EQ(float16_from_float(value), bits);
    }
  }
}

// Between two neighbours the nearer one is taken, and the even one in the middle.
TEST(DataTypeTest, HalvesRoundToNearestEven) {
  for (uint16_t bits = 0; bits < 0x7bff; ++bits) {
    const float low = float_from_float16(bits), high = float_from_float16(static_cast<uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    ASSERT_EQ(float16_from_float(middle), bits % 2 == 0 ? bits : bits + 1) << bits;
    ASSERT_EQ(float16_from_float(std::nextafter(middle, 0.0f)), bits);
    ASSERT_EQ(float16_from_float(std::nextafter(middle, high)), bits + 1);
  }
  EXPECT_EQ(float16_from_float(65519.0f), 0x7bff);
  EXPECT_EQ(float16_from_float(65520.0f), 0x7c00);
  EXPECT_EQ(float16_from_float(-1e30f), 0xfc00);
  EXPECT_TRUE(std::isnan(float_from_float16(float16_from_float(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(DataTypeTest, Bfloat16IsTheUpperHalf) {
  EXPECT_EQ(float_from_bfloat16(0x3f80), 1.0f);
  EXPECT_EQ(float_from_bfloat16(0xc049), -3.140625f);
  EXPECT_TRUE(std::isinf(float_from_bfloat16(0x7f80)));
}

// Many at once, from any alignment: the same bits as one at a time.
TEST(WeightTest, WidensAsTheScalarConversionsDo) {
  for (const DataType type : {DataType::kFloat16, DataType::kBFloat16}) {
    std::vector<uint16_t> bits;
    for (uint32_t i = 0; i < 65536; ++i) {
      if (std::isfinite(type == DataType::kFloat16 ? float_from_float16(static_cast<uint16_t>(i))
                                                   : float_from_bfloat16(static_cast<uint16_t>(i)))) {
        bits.push_back(static_cast<uint16_t>(i));
      }
    }
    for (const size_t offset : {0, 1, 3}) {
      std::vector<char> bytes(2 * bits.size() + offset);
      std::memcpy(bytes.data() + offset, bits.data(), 2 * bits.size());
      Status status;
      const std::vector<float> values =
          to_float32({type, {static_cast<int64_t>(bits.size())}, bytes.data() + offset}, "w", status);
      ASSERT_TRUE(status.ok()) << status.message();
      for (size_t i = 0; i < bits.size(); ++i) {
        const float expected = type == DataType::kFloat16 ? float_from_float16(bits[i]) : float_from_bfloat16(bits[i]);
        ASSERT_EQ(std::bit_cast<uint32_t>(values[i]), std::bit_cast<uint32_t>(expected)) << bits[i];
      }
    }
  }
}

TEST(WeightTest, AValueThatIsNotFiniteIsNamed) {
  const uint16_t values[] = {0, 0x3c00, 0x7c00};
  Status status;
  to_float32({DataType::kFloat16, {3}, values}, "unet.conv_in.bias", status);
  EXPECT_EQ(status.code(), StatusCode::kNonFinite);
  EXPECT_NE(status.message().find("unet.conv_in.bias"), std::string::npos);
  EXPECT_NE(status.message().find("element 2"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace mobilediffusion::kernels
