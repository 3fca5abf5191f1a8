// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/product_tile.h"

#include <gtest/gtest.h>

#include <utility>

#include "kernels/packing/float16_support.h"
#include "kernels/runtime/processor.h"

namespace mobilediffusion::kernels {
namespace {

bool has_nothing(std::string_view /*instructions*/) { return false; }
bool has_everything(std::string_view /*instructions*/) { return true; }

TEST(ProductTile, IsFoundInEveryPrecision) {
  for (const auto& [precision, result] :
       {std::pair(Precision::kFloat32, Precision::kFloat32), std::pair(Precision::kInt8, Precision::kFloat32)}) {
    const ProductKernel kernel = product_kernel(precision, result);
    EXPECT_GE(kernel.tile.columns, 2);
    EXPECT_GE(kernel.tile.depth, 1);
  }
  EXPECT_EQ(product_kernel(Precision::kFloat16, Precision::kFloat16).tile.columns > 0, computes_float16());
}

TEST(ProductTile, OfAnotherShapeIsNotNamed) {
  const ProductKernel kernel = name_of_tile(Precision::kInt8, {.columns = 5, .depth = 3}, has_nothing);
  EXPECT_EQ(kernel.instructions, "");
  EXPECT_EQ(kernel.tile, (ProductTile{5, 3}));
}

#if defined(__aarch64__)

TEST(ProductTile, IsHeldAgainstWhatTheProcessorHas) {
  const ProductTile i8mm{16, 8}, dot{16, 4}, plain{8, 8}, scalar{4, 1};
  EXPECT_EQ(name_of_tile(Precision::kInt8, i8mm, has_everything).instructions, "i8mm");
  EXPECT_EQ(name_of_tile(Precision::kInt8, i8mm, has_everything).better, "");
  EXPECT_EQ(name_of_tile(Precision::kInt8, dot, has_everything).instructions, "dot products");
  EXPECT_EQ(name_of_tile(Precision::kInt8, dot, has_everything).better, "i8mm");
  EXPECT_EQ(name_of_tile(Precision::kInt8, plain, has_nothing).instructions, "NEON");
  EXPECT_EQ(name_of_tile(Precision::kInt8, plain, has_nothing).better, "");
  EXPECT_EQ(name_of_tile(Precision::kInt8, scalar, has_nothing).better, "NEON");
  EXPECT_EQ(name_of_tile(Precision::kFloat32, scalar, has_nothing).better, "NEON");
  EXPECT_EQ(name_of_tile(Precision::kFloat16, {}, has_everything).better, "FP16");
  EXPECT_EQ(name_of_tile(Precision::kFloat16, {}, has_nothing).better, "");
}

TEST(ProductTile, IsTheBestOfThisProcessor) {
  EXPECT_EQ(product_kernel(Precision::kFloat32, Precision::kFloat32).better, "");
  EXPECT_EQ(product_kernel(Precision::kFloat16, Precision::kFloat16).better, "");
  EXPECT_EQ(product_kernel(Precision::kInt8, Precision::kFloat32).better, "");
  EXPECT_EQ(product_kernel(Precision::kInt8, dequantized_precision()).better, "");
}

#elif defined(__x86_64__)

TEST(ProductTile, IsHeldAgainstWhatTheProcessorHas) {
  EXPECT_EQ(name_of_tile(Precision::kInt8, {64, 4}, has_everything).instructions, "AMX");
  EXPECT_EQ(name_of_tile(Precision::kInt8, {16, 8}, has_everything).better, "AMX");
  EXPECT_EQ(name_of_tile(Precision::kInt8, {4, 8}, has_nothing).instructions, "SSE");
  EXPECT_EQ(name_of_tile(Precision::kInt8, {4, 8}, has_nothing).better, "");
  EXPECT_EQ(name_of_tile(Precision::kFloat32, {16, 1}, has_everything).better, "AVX-512");
}

#endif

}  // namespace
}  // namespace mobilediffusion::kernels
