// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Weights in 8 bits on disk: what they come back as, and what is refused.
#include "src/weights/int8_weights.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "src/files/safetensors.h"
#include "src/weights/file_weights.h"
#include "src/weights/stored_weights.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

using kernels::Precision;

class Int8Weights : public testing::Test {
 protected:
  Int8Weights() {
    for (size_t i = 0; i < matrix_.size(); ++i) matrix_[i] = std::sin(static_cast<float>(i * i)) * (i < 12 ? 1 : 30);
  }

  void write(const std::vector<TensorSource>& tensors) const {
    const Status status = write_safetensors(folder_.path("from"), tensors);
    ASSERT_TRUE(status.ok()) << status.message();
  }

  Result<std::vector<QuantizationError>> quantize(const std::vector<ManifestWeights::Entry>& asked) const {
    return write_stored_weights(StoredWeights::kInt8, folder_.path("from"), folder_.path("to"), asked);
  }

  std::vector<float> matrix_ = std::vector<float>(3 * 12);
  const TemporaryFolder folder_;
};

TEST_F(Int8Weights, ComeBackWithinHalfAStepOfTheirRow) {
  const std::vector<float> bias = {0.1f, 0.2f, 0.3f};
  write({float32_tensor("a.weight", {3, 12}, matrix_), float32_tensor("a.bias", {3}, bias),
         float32_tensor("b.weight", {3, 12}, matrix_), float32_tensor("c.weight", {9, 1, 2, 2}, matrix_),
         float32_tensor("unasked", {36}, matrix_)});
  const auto errors = quantize({{"a.weight", {3, 12}, Precision::kInt8},
                                {"a.bias", {3}, Precision::kInt8},
                                {"b.weight", {3, 12}, Precision::kFloat32},
                                {"c.weight", {9, 1, 2, 2}, Precision::kInt8}});
  ASSERT_TRUE(errors.ok()) << errors.status().message();
  ASSERT_EQ(errors->size(), 1u);  // neither the bias, the sensitive, the depthwise nor what nobody asked for
  EXPECT_EQ(errors->front().tensor, "a.weight");
  EXPECT_EQ(errors->front().values, 36);

  auto weights = FileWeights::open(folder_.path("to"));
  ASSERT_TRUE(weights.ok());
  EXPECT_EQ((*weights)->files().front().tensors.entries().size(), 6u);
  EXPECT_EQ((*weights)->files().front().tensors.entries().at("a.weight").dtype, "I8");
  for (const char* name : {"a.bias", "b.weight", "c.weight", "unasked"})
    EXPECT_EQ((*weights)->files().front().tensors.entries().at(name).dtype, "F32") << name;
  const kernels::WeightView view = (*weights)->get("a.weight", std::vector<int64_t>{3, 12});
  ASSERT_EQ(view.scales.size(), 3u);
  Status status;
  const std::vector<float> found = kernels::to_float32(view, "a.weight", status);
  double energy = 0, squared = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    const float scale = view.scales[i / 12];
    EXPECT_LE(std::abs(found[i] - matrix_[i]), 0.501f * scale) << i;
    energy += double{matrix_[i]} * matrix_[i];
    squared += std::pow(double{found[i]} - matrix_[i], 2);
  }
  EXPECT_NEAR(errors->front().decibels(), 10 * std::log10(energy / squared), 1e-3);
  EXPECT_GT(errors->front().decibels(), 40);
}

TEST_F(Int8Weights, RefuseWhatIsMissingNotFiniteOrDoneAlready) {
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  const std::vector<ManifestWeights::Entry> asked = {{"a.weight", {3, 12}, Precision::kInt8}};
  EXPECT_EQ(quantize({{"b.weight", {3, 12}, Precision::kInt8}}).status().code(), StatusCode::kInvalidModel);
  EXPECT_EQ(quantize({{"a.weight", {12, 3}, Precision::kInt8}}).status().code(), StatusCode::kInvalidModel);
  ASSERT_TRUE(quantize(asked).ok());
  std::filesystem::rename(folder_.path("to"), folder_.path("from"));
  const auto twice = quantize(asked);
  EXPECT_EQ(twice.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(twice.status().message().find("int8 already"), std::string::npos) << twice.status().message();
  matrix_[7] = INFINITY;
  write({float32_tensor("a.weight", {3, 12}, matrix_)});
  EXPECT_EQ(quantize(asked).status().code(), StatusCode::kNonFinite);
}

TEST_F(Int8Weights, WithoutTheirScalesAreNamed) {
  const std::vector<int8_t> bytes(36, 5);
  const TensorSource values{"a.weight", "I8", {3, 12}, 36, [&](size_t offset, std::span<std::byte> piece) {
                              for (size_t i = 0; i < piece.size(); ++i)
                                piece[i] = static_cast<std::byte>(bytes[offset + i]);
                            }};
  const std::vector<float> four(4, 1.0f), wrong = {1.0f, NAN, 1.0f};
  const auto message = [&](const std::vector<TensorSource>& tensors) {
    write(tensors);
    auto weights = FileWeights::open(folder_.path("from"));
    EXPECT_TRUE(weights.ok());
    (*weights)->get("a.weight", std::vector<int64_t>{3, 12});
    EXPECT_EQ((*weights)->status().code(), StatusCode::kInvalidModel);
    return std::string((*weights)->status().message());
  };
  EXPECT_NE(message({values}).find("has no scales, a.weight_scale"), std::string::npos);
  EXPECT_NE(message({values, float32_tensor("a.weight_scale", {4}, four)}).find("F32 (4)"), std::string::npos);
  EXPECT_NE(message({values, float32_tensor("a.weight_scale", {3}, wrong)}).find("NaN"), std::string::npos);
}

}  // namespace
}  // namespace mobilediffusion
