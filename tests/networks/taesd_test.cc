// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The tiny autoencoder with weights that were trained: madebyollin's TAESD, and its author's PyTorch code's answer for
// the latents of a photograph. The files are read beside the checkout, in ../shared/real/taesd, and not copied into it;
// without them these tests are skipped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "kernels/reference/reference.h"
#include "src/model/model_folder.h"
#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/weights/file_weights.h"
#include "src/weights/tensor_values.h"

namespace mobilediffusion {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::Precision;
using kernels::Shape;
using kernels::Tensor;
using kernels::ThreadPool;

const char* const kFolder = MOBILEDIFFUSION_SOURCE_DIR "/../shared/real/taesd";

class Taesd : public ::testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(kFolder) + "/answers.safetensors"))
      GTEST_SKIP() << "the published TAESD is not beside this checkout, in " << kFolder;
    if (GetParam() == Precision::kFloat16 && !kernels::computes_float16()) GTEST_SKIP() << "not on this processor";
    const auto text = read_text_file(std::string(kFolder) + "/config.json");
    ASSERT_TRUE(text.ok()) << text.status().message();
    auto config = parse_decoder_config(*text, "config.json");
    ASSERT_TRUE(config.ok()) << config.status().message();
    config_ = *config;
    auto file = MappedFile::open(std::string(kFolder) + "/answers.safetensors");
    ASSERT_TRUE(file.ok()) << file.status().message();
    file_ = std::make_unique<MappedFile>(std::move(*file));
    auto answers = Safetensors::parse(file_->bytes(), "answers.safetensors");
    ASSERT_TRUE(answers.ok()) << answers.status().message();
    answers_ = *answers;
  }

  // (1, c, h, w) as the file has it, to (1, h, w, c).
  Tensor answer(const std::string& name) {
    const TensorEntry& entry = *answers_.find(name);
    const auto values = to_float32(name, entry);
    Tensor t = context_.make({1, entry.shape[2], entry.shape[3], entry.shape[1]});
    const Shape s = t.shape();
    for (int64_t c = 0; c < s.c; ++c)
      for (int64_t p = 0; p < s.pixels(); ++p)
        t.data()[p * s.c + c] = (*values)[static_cast<size_t>(c * s.pixels() + p)];
    return t;
  }

  template <typename Network>
  Network load(const char* name, Precision precision) {
    auto weights = FileWeights::open(std::string(kFolder) + "/diffusion_pytorch_model.safetensors");
    EXPECT_TRUE(weights.ok()) << weights.status().message();
    Network network(Scope(**weights, name, precision), config_);
    EXPECT_TRUE((*weights)->status().ok()) << (*weights)->status().message();
    return network;
  }

  // A square of a picture.
  Tensor part_of(const Tensor& picture, int64_t top, int64_t left, int64_t side) {
    Tensor part = context_.make({1, side, side, picture.shape().c});
    const int64_t row = side * part.shape().c;
    for (int64_t y = 0; y < side; ++y) {
      const int64_t from = ((y + top) * picture.shape().w + left) * part.shape().c;
      std::copy_n(picture.data() + from, row, part.data() + y * row);
    }
    return part;
  }

  // The encoder as its author drew it: a convolution, blocks of three convolutions with a ReLU behind each and a sum,
  // and a convolution that halves before each next level.
  Tensor encoded_by_definition(const Tensor& picture) {
    namespace reference = kernels::reference;
    using reference::Array;
    auto weights = FileWeights::open(std::string(kFolder) + "/diffusion_pytorch_model.safetensors");
    Status status;
    const auto values = [&](const std::string& name, std::vector<int64_t> shape) {
      const std::vector<float> read = kernels::to_float32((*weights)->get(name, shape), name, status);
      return reference::Values(read.begin(), read.end());
    };
    int index = 0;
    const auto convolve = [&](const Array& x, const std::string& part, int out, int stride, bool bias) {
      const std::string name = "encoder.layers." + std::to_string(index) + part;
      const int in = static_cast<int>(x.shape.c);
      return reference::conv2d(x, {.in_channels = in, .out_channels = out, .stride = stride},
                               values(name + ".weight", {out, in, 3, 3}),
                               bias ? values(name + ".bias", {out}) : reference::Values(static_cast<size_t>(out)));
    };
    const auto relu = [](Array x) {
      for (double& value : x.values) value = std::max(value, 0.0);
      return x;
    };
    Array x(picture.shape());
    for (size_t i = 0; i < x.values.size(); ++i) x.values[i] = picture.data()[i] / 2 + 0.5;
    for (const int blocks : {1, 3, 3, 3}) {
      const bool first = index == 0;
      x = convolve(x, "", 64, first ? 1 : 2, first);
      ++index;
      for (int block = 0; block < blocks; ++block, ++index) {
        Array h = relu(convolve(x, ".conv.0", 64, 1, true));
        h = relu(convolve(h, ".conv.2", 64, 1, true));
        h = convolve(h, ".conv.4", 64, 1, true);
        for (size_t i = 0; i < x.values.size(); ++i) h.values[i] += x.values[i];
        x = relu(h);
      }
    }
    x = convolve(x, "", 4, 1, true);
    EXPECT_TRUE(status.ok() && (*weights)->status().ok()) << status.message() << (*weights)->status().message();
    Tensor y = context_.make(x.shape);
    std::copy(x.values.begin(), x.values.end(), y.data());
    return y;
  }

  DecoderConfig config_;
  std::unique_ptr<MappedFile> file_;
  Safetensors answers_;
  const ThreadPool threads_{2};
  Arena arena_;
  Context context_{threads_, arena_};
};

struct Distance {
  double of_largest = 0;  // the largest error, of the largest value
  double psnr = 0;        // decibels, of the largest value
};

Distance distance(const Tensor& found, const Tensor& expected) {
  EXPECT_EQ(found.shape(), expected.shape());
  double largest = 0, error = 0, squares = 0;
  const int64_t count = found.shape().elements();
  for (int64_t i = 0; i < count; ++i) {
    const double away = std::abs(double{found.data()[i]} - expected.data()[i]);
    largest = std::max(largest, std::abs(double{expected.data()[i]}));
    error = std::isnan(away) ? HUGE_VAL : std::max(error, away);
    squares += away * away;
  }
  const Distance d{error / largest, 10 * std::log10(largest * largest * static_cast<double>(count) / squares)};
  std::printf("error %.2e of the largest value, PSNR %.1f dB\n", d.of_largest, d.psnr);
  return d;
}

// What each precision is held to: decibels from the answer, of its largest value.
double least_psnr(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return 120;
    case Precision::kFloat16:
      return 60;
    case Precision::kInt8:
      return 42;
  }
  return 120;
}

// The decoder's float16 is over 60 where processors add up in float32, 51.8 by AVX512-FP16, whose sums are halves too.
double least_psnr_of_decoder(Precision precision) {
  return precision == Precision::kFloat16 ? 50 : least_psnr(precision);
}

TEST_P(Taesd, DecoderGivesTheAuthorsAnswer) {
  const auto decoder = load<Decoder>("decoder", GetParam());
  const Distance d = distance(decoder(context_, answer("decoder_input")), answer("decoder_output"));
  ASSERT_TRUE(context_.ok()) << context_.status().message();
  if (GetParam() == Precision::kFloat32) {
    EXPECT_LE(d.of_largest, 1e-5);
  }
  EXPECT_GE(d.psnr, GetParam() == Precision::kInt8 ? 50 : least_psnr_of_decoder(GetParam()));
}

// Latents of other kinds: parts of the photograph's, mirrored ones, twice as strong ones, and noise.
TEST_P(Taesd, DecoderIsAsNearOnOtherLatents) {
  if (GetParam() == Precision::kFloat32) GTEST_SKIP() << "it is what the others are held against";
  const auto decoder = load<Decoder>("decoder", GetParam()), exact = load<Decoder>("decoder", Precision::kFloat32);
  const Tensor latents = answer("decoder_input");
  const int64_t side = latents.shape().w, channels = latents.shape().c, half = side / 2;
  const auto made = [&](auto&& value) {
    Tensor t = context_.make({1, half, half, channels});
    for (int64_t y = 0; y < half; ++y)
      for (int64_t x = 0; x < half; ++x)
        for (int64_t c = 0; c < channels; ++c) t.data()[(y * half + x) * channels + c] = value(y, x, c);
    return t;
  };
  const auto at = [&](int64_t y, int64_t x, int64_t c) { return latents.data()[(y * side + x) * channels + c]; };
  std::vector<Tensor> all;
  for (const int64_t top : {int64_t{0}, half})
    for (const int64_t left : {int64_t{0}, half})
      all.push_back(made([&](int64_t y, int64_t x, int64_t c) { return at(top + y, left + x, c); }));
  all.push_back(made([&](int64_t y, int64_t x, int64_t c) { return at(y + half / 2, side - 1 - half / 2 - x, c); }));
  all.push_back(made([&](int64_t y, int64_t x, int64_t c) { return 2 * at(2 * y, 2 * x, c); }));
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  all.push_back(made([&](int64_t, int64_t, int64_t) { return normal(random); }));
  for (const Tensor& x : all) {
    EXPECT_GE(distance(decoder(context_, x), exact(context_, x)).psnr, least_psnr_of_decoder(GetParam()));
    ASSERT_TRUE(context_.ok()) << context_.status().message();
  }
}

// Nobody gave the encoder's answer: float32 is held to convolutions by their definition, in double precision, on a part
// of the photograph, and the others to float32 on all of it.
TEST_P(Taesd, Encoder) {
  const auto encoder = load<Encoder>("encoder", GetParam());
  const Tensor photograph = answer("decoder_output");
  if (GetParam() != Precision::kFloat32) {
    const auto exact = load<Encoder>("encoder", Precision::kFloat32);
    EXPECT_GE(distance(encoder(context_, photograph), exact(context_, photograph)).psnr, least_psnr(GetParam()));
    for (const int64_t top : {0, 256}) {
      for (const int64_t left : {0, 256}) {
        const Tensor quarter = part_of(photograph, top, left, 256);
        EXPECT_GE(distance(encoder(context_, quarter), exact(context_, quarter)).psnr, least_psnr(GetParam()) - 2);
      }
    }
    ASSERT_TRUE(context_.ok()) << context_.status().message();
    return;
  }
  const Tensor part = part_of(photograph, 200, 200, 64);
  const Tensor expected = encoded_by_definition(part);
  const Distance d = distance(encoder(context_, part), expected);
  ASSERT_TRUE(context_.ok()) << context_.status().message();
  EXPECT_LE(d.of_largest, 1e-5);
  // What it gives for the whole photograph are the latents that the photograph was decoded from, as near as this
  // autoencoder's round trips are.
  EXPECT_GE(distance(encoder(context_, photograph), answer("decoder_input")).psnr, 25);
}

INSTANTIATE_TEST_SUITE_P(Precisions, Taesd,
                         ::testing::Values(Precision::kFloat32, Precision::kFloat16, Precision::kInt8),
                         [](const auto& info) {
                           return info.param == Precision::kFloat32   ? "float32"
                                  : info.param == Precision::kFloat16 ? "float16"
                                                                      : "int8";
                         });

}  // namespace
}  // namespace mobilediffusion
