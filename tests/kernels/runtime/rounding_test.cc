// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the build's flags promise of arithmetic: the same bits on every processor.
#include <gtest/gtest.h>

namespace mobilediffusion {
namespace {

template <typename T>
T product_and_sum(T a, T b, T c) {
  return a * b + c;
}

// One operation for both would leave the product's rounding error. The values come through volatile ones, or the
// compiler would compute by itself.
TEST(Rounding, AProductAndASumAreTwoOperations) {
  volatile float odd = 1.0f + 0x1p-12f, square = odd * odd;
  volatile double odd_double = 1.0 + 0x1p-27, square_double = odd_double * odd_double;
  EXPECT_EQ(product_and_sum<float>(odd, odd, -square), 0.0f);
  EXPECT_EQ(product_and_sum<double>(odd_double, odd_double, -square_double), 0.0);
}

}  // namespace
}  // namespace mobilediffusion
