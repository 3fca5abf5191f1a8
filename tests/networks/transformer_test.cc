// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A transformer whose first attention reads the text ("only_cross_attention"), as SDXS-512-0.9's large grids have it:
// against tests/data/networks/only_cross_attention.safetensors, weights and answer of PyTorch in float64.
#include "src/networks/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "src/weights/file_weights.h"
#include "src/weights/tensor_values.h"

namespace mobilediffusion {
namespace {

using kernels::Tensor;

class OnlyCrossAttentionTest : public testing::TestWithParam<kernels::Precision> {
 protected:
  OnlyCrossAttentionTest() : threads_(2), context_(threads_, arena_) {}

  // The tensor, with the shape that the kernels give it.
  Tensor tensor(const std::string& name) {
    const TensorEntry& entry = *weights_->files().front().tensors.find(name);
    const std::vector<float> values = *to_float32(name, entry);
    std::vector<int64_t> shape = entry.shape;
    if (shape.size() == 3) shape.insert(shape.begin() + 1, 1);
    Tensor made = context_.make({shape[0], shape[1], shape[2], shape[3]});
    std::copy(values.begin(), values.end(), made.data());
    return made;
  }

  std::unique_ptr<FileWeights> weights_ = std::move(
      *FileWeights::open(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/networks/only_cross_attention.safetensors"));
  kernels::ThreadPool threads_;
  kernels::Arena arena_;
  kernels::Context context_;
};

TEST_P(OnlyCrossAttentionTest, ReadsTheTextTwice) {
  if (GetParam() == kernels::Precision::kFloat16 && !kernels::computes_float16())
    GTEST_SKIP() << "not on this processor";
  UNetNames names;
  names.feed_forward_in = "ff.net.0.proj";
  names.feed_forward_out = "ff.net.2";
  const TransformerSpec spec{.channels = 8,
                             .context_width = 12,
                             .heads = 2,
                             .feed_forward_ratio = 8,
                             .gate = FeedForwardGate::kGelu,
                             .shared_key_value = false,
                             .self_attention = true,
                             .only_cross_attention = true,
                             .layers = 1,
                             .groups = 2,
                             .names = names};
  const Transformer transformer(Scope(*weights_, "transformer", GetParam()), spec);
  ASSERT_TRUE(weights_->status().ok()) << weights_->status().message();
  Tensor x = tensor("x");
  const Tensor text = tensor("text"), y = tensor("y");
  transformer(context_, x, text);
  ASSERT_TRUE(context_.ok()) << context_.status().message();
  ASSERT_EQ(x.shape(), y.shape());
  float error = 0, largest = 0;
  for (int64_t i = 0; i < y.shape().elements(); ++i) {
    error = std::max(error, std::abs(x.data()[i] - y.data()[i]));
    largest = std::max(largest, std::abs(y.data()[i]));
  }
  EXPECT_LE(error, (GetParam() == kernels::Precision::kFloat32 ? 1e-5f : 2e-2f) * largest);
}

INSTANTIATE_TEST_SUITE_P(Precisions, OnlyCrossAttentionTest,
                         testing::Values(kernels::Precision::kFloat32, kernels::Precision::kFloat16));

}  // namespace
}  // namespace mobilediffusion
