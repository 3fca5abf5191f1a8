// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Weights in float16 on disk: what changes, what stays, and what is refused.
#include "src/weights/float16_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/runtime/data_type.h"
#include "src/weights/file_weights.h"
#include "src/weights/stored_weights.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

class Float16Weights : public testing::Test {
 protected:
  Float16Weights() {
    for (size_t i = 0; i < matrix_.size(); ++i) matrix_[i] = std::sin(static_cast<float>(i * i)) * (i < 12 ? 1 : 300);
  }

  void write(const std::vector<TensorSource>& tensors) const {
    const Status status = write_safetensors(folder_.path("from"), tensors);
    ASSERT_TRUE(status.ok()) << status.message();
  }

  Result<std::vector<QuantizationError>> store(const std::vector<ManifestWeights::Entry>& asked) const {
    return write_stored_weights(StoredWeights::kFloat16, folder_.path("from"), folder_.path("to"), asked);
  }

  std::vector<float> matrix_ = std::vector<float>(3 * 12);
  const TemporaryFolder folder_;
};

TEST_F(Float16Weights, AreTheNearestHalvesOfFloat32) {
  const std::vector<float> bias = {0.1f, 65504.0f, -1e-9f};
  const std::vector<uint16_t> brain(36, 0x3f80);
  const std::vector<int8_t> few(36, 5);
  write({float32_tensor("a.weight", {3, 12}, matrix_), float32_tensor("a.bias", {3}, bias),
         tensor_in_memory("b.weight", "BF16", {3, 12}, std::as_bytes(std::span(brain))),
         tensor_in_memory("c.weight", "I8", {3, 12}, std::as_bytes(std::span(few))),
         float32_tensor("c.weight_scale", {3}, bias), float32_tensor("unasked", {36}, matrix_)});
  const auto errors = store({{"a.weight", {3, 12}}, {"a.bias", {3}}, {"b.weight", {3, 12}}, {"c.weight", {3, 12}}});
  ASSERT_TRUE(errors.ok()) << errors.status().message();
  ASSERT_EQ(errors->size(), 2u);
  for (const QuantizationError& error : *errors) EXPECT_GT(error.decibels(), 60) << error.tensor;

  auto weights = FileWeights::open(folder_.path("to"));
  ASSERT_TRUE(weights.ok());
  const auto& entries = (*weights)->files().front().tensors.entries();
  EXPECT_EQ(entries.size(), 6u);
  EXPECT_EQ(entries.at("a.weight").dtype, "F16");
  EXPECT_EQ(entries.at("a.bias").dtype, "F16");
  EXPECT_EQ(entries.at("b.weight").dtype, "BF16");
  EXPECT_EQ(entries.at("c.weight").dtype, "I8");
  EXPECT_EQ(entries.at("c.weight_scale").dtype, "F32");
  EXPECT_EQ(entries.at("unasked").dtype, "F32");
  Status status;
  const std::vector<float> found =
      kernels::to_float32((*weights)->get("a.weight", std::vector<int64_t>{3, 12}), "a.weight", status);
  ASSERT_EQ(found.size(), matrix_.size());
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(found[i], kernels::float_from_float16(kernels::float16_from_float(matrix_[i]))) << i;

  // Once more nothing changes.
  std::filesystem::rename(folder_.path("to"), folder_.path("from"));
  const auto again = store({{"a.weight", {3, 12}}, {"a.bias", {3}}});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->empty());
}

TEST_F(Float16Weights, RefuseWhatIsMissingNotFiniteOrTooLarge) {
  const std::vector<ManifestWeights::Entry> asked = {{"a.weight", {3, 12}}};
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  EXPECT_EQ(store({{"b.weight", {3, 12}}}).status().code(), StatusCode::kInvalidModel);
  EXPECT_EQ(store({{"a.weight", {12, 3}}}).status().code(), StatusCode::kInvalidModel);
  matrix_[7] = 65519.0f;  // rounds down
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  EXPECT_TRUE(store(asked).ok());
  std::filesystem::remove(folder_.path("to"));
  matrix_[7] = -65520.0f;
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  const Status large = store(asked).status();
  EXPECT_EQ(large.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(large.message().find("a.weight holds -65520"), std::string::npos) << large.message();
  matrix_[7] = std::nanf("");
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  EXPECT_EQ(store(asked).status().code(), StatusCode::kNonFinite);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("to")));
}

}  // namespace
}  // namespace mobilediffusion
