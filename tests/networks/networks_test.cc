// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every network against the answers of an independent PyTorch implementation (tests/data/goldens; those of "diffusers"
// by that library), at several thread counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "src/model/model_folder.h"
#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/weights/file_weights.h"
#include "src/weights/tensor_values.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::Shape;
using kernels::Tensor;
using kernels::ThreadPool;

struct Case {
  std::string golden;
  int threads;
  kernels::Precision precision;

  // Of the largest value. Many weights of "faint" are smaller than half's normal numbers.
  double tolerance() const {
    if (precision != kernels::Precision::kFloat16) return 1e-5;
    return golden == "faint" ? 4e-2 : 2e-2;
  }
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.golden << ", " << c.threads << " threads"; }

class Networks : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().precision == kernels::Precision::kFloat16 && !kernels::computes_float16())
      GTEST_SKIP() << "not on this processor";
    folder_ = std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/goldens/" + GetParam().golden;
    auto model = open_model_folder(folder_);
    ASSERT_TRUE(model.ok()) << model.status().message();
    model_ = *model;
    auto file = MappedFile::open(folder_ + "/expected.safetensors");
    ASSERT_TRUE(file.ok()) << file.status().message();
    file_ = std::make_unique<MappedFile>(std::move(*file));
    auto expected = Safetensors::parse(file_->bytes(), "expected.safetensors");
    ASSERT_TRUE(expected.ok()) << expected.status().message();
    expected_ = *expected;
    threads_ = std::make_unique<ThreadPool>(GetParam().threads);
    context_ = std::make_unique<Context>(*threads_, arena_);
  }

  std::vector<float> floats(const std::string& name) { return *to_float32(name, *expected_.find(name)); }

  // (n, c, h, w) as the file has it, to (n, h, w, c).
  Tensor channels_last(const std::string& name) {
    const auto& shape = expected_.find(name)->shape;
    const std::vector<float> values = floats(name);
    Tensor t = context_->make({shape[0], shape[2], shape[3], shape[1]});
    const Shape s = t.shape();
    for (int64_t n = 0; n < s.n; ++n)
      for (int64_t c = 0; c < s.c; ++c)
        for (int64_t p = 0; p < s.pixels(); ++p)
          t.data()[(n * s.pixels() + p) * s.c + c] = values[(n * s.c + c) * s.pixels() + p];
    return t;
  }

  void expect_close(const Tensor& found, const Tensor& expected) {
    ASSERT_TRUE(context_->ok()) << context_->status().message();
    ASSERT_EQ(found.shape(), expected.shape());
    double largest = 0, error = 0;
    for (int64_t i = 0; i < found.shape().elements(); ++i) {
      largest = std::max(largest, std::abs(double{expected.data()[i]}));
      error = std::max(error, std::abs(double{found.data()[i]} - expected.data()[i]));
    }
    EXPECT_LE(error, GetParam().tolerance() * largest);
    RecordProperty("error_of_largest", std::to_string(error / largest));
    std::printf("error %.2e of the largest value\n", error / largest);
  }

  template <typename Network, typename Config>
  Network load(const SourcePath& path, const std::string& name, const Config& config) {
    auto weights = FileWeights::open(path);
    EXPECT_TRUE(weights.ok()) << weights.status().message();
    Network network(Scope(**weights, name, GetParam().precision), config);
    EXPECT_TRUE((*weights)->status().ok()) << (*weights)->status().message();
    return network;
  }

  std::string folder_;
  ModelFolder model_;
  std::unique_ptr<MappedFile> file_;
  Safetensors expected_;
  std::unique_ptr<ThreadPool> threads_;
  Arena arena_;
  std::unique_ptr<Context> context_;
};

TEST_P(Networks, TextEncoder) {
  const auto encoder = load<TextEncoder>(model_.text_encoder_weights(), "text_encoder", model_.text_encoder);
  const std::vector<int> ids = *to_integers("input_ids", *expected_.find("input_ids"));
  const Tensor found = encoder(*context_, ids);
  const std::vector<float> values = floats("text_hidden");
  Tensor expected = context_->make(found.shape());
  ASSERT_EQ(static_cast<int64_t>(values.size()), found.shape().elements());
  std::copy(values.begin(), values.end(), expected.data());
  expect_close(found, expected);
}

TEST_P(Networks, UNet) {
  const auto unet = load<UNet>(model_.unet_weights(), "unet", model_.unet);
  const std::vector<float> hidden = floats("text_hidden");
  Tensor text = context_->make(
      {1, 1, static_cast<int64_t>(hidden.size()) / model_.unet.cross_attention_dim, model_.unet.cross_attention_dim});
  std::copy(hidden.begin(), hidden.end(), text.data());
  const float t = static_cast<float>((*to_integers("timestep", *expected_.find("timestep")))[0]);
  expect_close(unet(*context_, channels_last("latents"), t, text), channels_last("unet_output"));
}

TEST_P(Networks, Decoder) {
  const auto decoder = load<Decoder>(model_.decoder_weights(), "decoder", model_.decoder);
  expect_close(decoder(*context_, channels_last("decoder_input")), channels_last("decoder_output"));
}

// encoder.safetensors: a picture of waves and noise, and the mean that another PyTorch implementation of both encoders
// gives for it, in float64, with the weights in vae/. 56x40 pixels, so that sides are told apart.
TEST_P(Networks, Encoder) {
  const std::string path = folder_ + "/encoder.safetensors";
  if (!GetParam().golden.starts_with("diffusers")) GTEST_SKIP() << "has no encoder";
  file_ = std::make_unique<MappedFile>(std::move(*MappedFile::open(path)));
  expected_ = *Safetensors::parse(file_->bytes(), path);
  const auto encoder = load<Encoder>(model_.decoder_weights(), "encoder", model_.decoder);
  expect_close(encoder(*context_, channels_last("encoder_input")), channels_last("encoder_output"));
}

// The middle's attention had other names before the library's version 0.17.
TEST_P(Networks, AttentionsOldNames) {
  if (GetParam().golden != "diffusers-kl") GTEST_SKIP() << "one is enough";
  const auto mapped = model_.decoder_weights().open();
  const auto tensors = Safetensors::parse(mapped->bytes(), "vae");
  std::vector<TensorSource> renamed;
  int changed = 0;
  for (const auto& [name, tensor] : tensors->entries()) {
    std::string old = name;
    for (const auto& [now, then] : {std::pair<std::string, std::string>{".to_q.", ".query."},
                                    {".to_k.", ".key."},
                                    {".to_v.", ".value."},
                                    {".to_out.0.", ".proj_attn."}}) {
      if (const size_t at = old.find(now); at != std::string::npos) {
        old.replace(at, now.size(), then);
        ++changed;
      }
    }
    renamed.push_back(tensor_in_memory(old, tensor.dtype, tensor.shape, tensor.data));
  }
  EXPECT_EQ(changed, 16);  // weight and bias of four projections, in the encoder and in the decoder
  const TemporaryFolder folder;
  const std::string path = folder.path("old.safetensors");
  ASSERT_TRUE(write_safetensors(path, renamed).ok());
  const auto decoder = load<Decoder>(path, "decoder", model_.decoder);
  expect_close(decoder(*context_, channels_last("decoder_input")), channels_last("decoder_output"));
  file_ = std::make_unique<MappedFile>(std::move(*MappedFile::open(folder_ + "/encoder.safetensors")));
  expected_ = *Safetensors::parse(file_->bytes(), "encoder");
  const auto encoder = load<Encoder>(path, "encoder", model_.decoder);
  expect_close(encoder(*context_, channels_last("encoder_input")), channels_last("encoder_output"));
}

// As transformers names them from its version 5.6 on.
TEST_P(Networks, TextEncodersNewNames) {
  if (GetParam().golden != "diffusers-kl") GTEST_SKIP() << "one is enough";
  const auto mapped = model_.text_encoder_weights().open();
  const auto tensors = Safetensors::parse(mapped->bytes(), "text_encoder");
  constexpr std::string_view kOld = "text_model.";
  std::vector<TensorSource> renamed;
  for (const auto& [name, tensor] : tensors->entries()) {
    ASSERT_TRUE(name.starts_with(kOld)) << name;
    renamed.push_back(tensor_in_memory(name.substr(kOld.size()), tensor.dtype, tensor.shape, tensor.data));
  }
  const TemporaryFolder folder;
  const std::string path = folder.path("new.safetensors");
  ASSERT_TRUE(write_safetensors(path, renamed).ok());
  const auto encoder = load<TextEncoder>(path, "text_encoder", model_.text_encoder);
  const auto old = load<TextEncoder>(model_.text_encoder_weights(), "text_encoder", model_.text_encoder);
  const std::vector<int> ids = *to_integers("input_ids", *expected_.find("input_ids"));
  const Tensor found = encoder(*context_, ids), expected = old(*context_, ids);
  ASSERT_TRUE(context_->ok()) << context_->status().message();
  for (int64_t i = 0; i < expected.shape().elements(); ++i) ASSERT_EQ(found.data()[i], expected.data()[i]);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* golden :
       {"base", "relu-attention", "sample-prediction", "zero-snr", "faint", "diffusers-kl", "diffusers-tiny"}) {
    for (const int threads : {1, 2, 3}) all.push_back({golden, threads, kernels::Precision::kFloat32});
    all.push_back({golden, 2, kernels::Precision::kFloat16});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Goldens, Networks, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name = info.param.golden + "_threads" + std::to_string(info.param.threads);
  if (info.param.precision == kernels::Precision::kFloat16) name += "_float16";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace mobilediffusion
