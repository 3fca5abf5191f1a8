// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures that begin with a picture.
#include "src/sampling/image_to_image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/images/pixels.h"
#include "src/images/resample.h"
#include "src/sampling/noise.h"
#include "src/sampling/schedule.h"
#include "src/stages.h"
#include "src/text/tokenizer.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

// As diffusers counts: min(int(steps * strength), steps) of the steps are run.
TEST(PartialSamplingTest, RunsTheLastSteps) {
  SchedulerConfig config;
  for (const auto& [steps, strength, runs] :
       {std::tuple{4, 0.6, 2}, {4, 1.0, 4}, {4, 0.25, 1}, {10, 0.7, 7}, {50, 0.8, 40}, {50, 0.02, 1}}) {
    for (const char* sampler : {"ddim", "gan", "ddpm", "unipc", "dpm++2m-sde", "dpm++-sde"}) {
      const auto sampling = make_partial_sampling(sampler, config, steps, strength);
      ASSERT_TRUE(sampling.ok()) << sampling.status().message();
      EXPECT_EQ(sampling->sampler->steps(), steps);
      EXPECT_EQ(sampling->sampler->steps_from(sampling->start), runs) << steps << " at " << strength;
    }
  }
}

// One step alone would begin with noise, whatever the picture; so it is run where the strength says.
TEST(PartialSamplingTest, OneStepIsRunWhereTheStrengthSays) {
  SchedulerConfig config;
  for (const auto& [strength, timestep] :
       {std::pair{0.6, 599}, {0.25, 249}, {0.5, 499}, {0.999, 998}, {1.0, 999}, {0.0, 0}}) {
    const auto sampling = make_partial_sampling("", config, 0, strength);
    ASSERT_TRUE(sampling.ok()) << sampling.status().message();
    EXPECT_EQ(sampling->sampler->steps() - sampling->start, 1);
    EXPECT_EQ(sampling->sampler->timesteps()[static_cast<size_t>(sampling->start)], timestep);
  }
  // A sampler that spaces its steps itself: the last of two.
  const auto ddim = make_partial_sampling("ddim", config, 1, 0.6);
  ASSERT_TRUE(ddim.ok()) << ddim.status().message();
  EXPECT_EQ(ddim->sampler->steps() - ddim->start, 1);
  EXPECT_LT(ddim->sampler->timesteps()[static_cast<size_t>(ddim->start)], 600);
  EXPECT_FALSE(make_partial_sampling("paint", config, 1, 0.6).ok());
}

class ImageToImageTest : public testing::TestWithParam<std::string> {
 protected:
  ImageToImageTest() {
    for (int y = 0; y < 60; ++y) {
      for (int x = 0; x < 100; ++x) {
        for (int c = 0; c < 3; ++c)
          given_.push_back(static_cast<uint8_t>(127 + 120 * std::sin(0.1 * x * (c + 1) + 0.2 * y)));
      }
    }
  }

  GenerateOptions options(double strength = 0.6) const {
    GenerateOptions options;
    options.seed = 4;
    options.width = 64;
    options.height = 128;
    options.sampler = "gan";
    options.steps = 1;
    options.guidance = 1.0f;
    options.image = {given_.data(), 100, 60, PixelFormat::kRgb};
    options.strength = strength;
    return options;
  }

  static std::vector<uint8_t> draw(Pipeline& pipeline, const GenerateOptions& options) {
    const auto image = pipeline.generate("a boat", options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? image->pixels : std::vector<uint8_t>();
  }

  Pipeline load(const LoadOptions& options = {.threads = 1}) const {
    auto pipeline = Pipeline::load(model_.path(), options);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  const SmallModel model_{GetParam()};
  std::vector<uint8_t> given_;
};

INSTANTIATE_TEST_SUITE_P(Autoencoders, ImageToImageTest, testing::Values("diffusers-kl", "diffusers-tiny"),
                         [](const auto& info) { return info.param == "diffusers-kl" ? "kl" : "tiny"; });

// Put together by hand: encode, scale, sqrt(a) x0 + sqrt(1 - a) noise at timestep 599, the UNet once, x0, decode.
TEST_P(ImageToImageTest, IsWhatItsPartsGive) {
  const auto model = open_model_folder(model_.path());
  ASSERT_TRUE(model.ok());
  auto stages = Stages::load(*model, NetworkLoading(LoadOptions{}));
  ASSERT_TRUE(stages.ok());
  const kernels::ThreadPool threads(1);
  kernels::Arena arena;
  kernels::Context context(threads, arena);
  kernels::Tensor picture = context.make({1, 128, 64, 3});
  resample(options().image, 64, 128, {picture.data(), 128 * 64 * 3});
  const kernels::Tensor x0 = stages->encode_picture(context, picture);
  ASSERT_EQ(x0.shape(), (kernels::Shape{1, 16, 8, 4}));
  std::vector<float> noise(static_cast<size_t>(x0.shape().elements()));
  fill_normal(4, 0, 0, noise);
  kernels::Tensor x = context.make(x0.shape());
  to_channels_last(noise, x);
  const double a = alphas_cumprod(model->scheduler)[599];
  for (int64_t i = 0; i < x0.shape().elements(); ++i)
    x.data()[i] = static_cast<float>(std::sqrt(a) * x0.data()[i] + std::sqrt(1 - a) * x.data()[i]);
  const auto tokenizer = load_tokenizer(model->tokenizer_folder(), model->text_encoder);
  const kernels::Tensor text = stages->encode(context, (*tokenizer)->encode("a boat", 77)->ids);
  const kernels::Tensor e = stages->unet()(context, x, 599.0f, text);
  for (int64_t i = 0; i < x0.shape().elements(); ++i)
    x.data()[i] = static_cast<float>((x.data()[i] - std::sqrt(1 - a) * e.data()[i]) / std::sqrt(a));
  const kernels::Tensor y = stages->decode(context, x);
  std::vector<uint8_t> expected(128 * 64 * 3);
  to_pixels({y.data(), expected.size()}, 64, 128, PixelFormat::kRgb, expected.data());

  Pipeline pipeline = load();
  const std::vector<uint8_t> found = draw(pipeline, options());
  ASSERT_EQ(found.size(), expected.size());
  int error = 0;
  for (size_t i = 0; i < found.size(); ++i) error = std::max(error, std::abs(int{found[i]} - int{expected[i]}));
  EXPECT_LE(error, 1);
}

TEST_P(ImageToImageTest, IsTheSameEachTimeAndHoweverItIsLoaded) {
  Pipeline pipeline = load();
  const std::vector<uint8_t> first = draw(pipeline, options());
  EXPECT_EQ(draw(pipeline, options()), first);
  EXPECT_NE(draw(pipeline, options(0.3)), first);
  GenerateOptions noise = options();
  noise.image = {};
  EXPECT_NE(draw(pipeline, noise), first);
  const TemporaryFolder cache;
  for (int i = 0; i < 2; ++i) {
    Pipeline streamed = load({.threads = 2, .memory = MemoryUse::kStream, .cache_folder = cache.path()});
    EXPECT_EQ(draw(streamed, options()), first);
  }
  GenerateOptions several = options(0.5);
  several.sampler = "ddim";
  several.steps = 4;
  const auto image = pipeline.generate("a boat", several);
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(image->provenance.steps, 2);
  EXPECT_GT(image->timings.encoder, 0);
}

TEST_P(ImageToImageTest, InInt8ItIsMuchTheSame) {
  Pipeline exact = load(), rounded = load({.threads = 1, .precision = Precision::kInt8});
  const std::vector<uint8_t> a = draw(exact, options()), b = draw(rounded, options());
  ASSERT_EQ(a.size(), b.size());
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) squares += std::pow(a[i] - b[i], 2);
  EXPECT_LT(std::sqrt(squares / static_cast<double>(a.size())), 12.0);
}

TEST_P(ImageToImageTest, TellsItsProgress) {
  Pipeline pipeline = load();
  GenerateOptions watched = options();
  int last = 0, whole = 0;
  std::vector<Stage> stages;
  watched.progress = [&](Stage stage, int done, int total) {
    if (stages.empty() || stages.back() != stage) stages.push_back(stage);
    if (stage == Stage::kEncoder) last = done, whole = total;
    return true;
  };
  draw(pipeline, watched);
  EXPECT_EQ(stages, (std::vector<Stage>{Stage::kEncoder, Stage::kText, Stage::kUNet, Stage::kDecoder}));
  EXPECT_EQ(last, whole);
  EXPECT_GT(whole, 0);
  watched.progress = [](Stage stage, int, int) { return stage != Stage::kEncoder; };
  EXPECT_EQ(pipeline.generate("a boat", watched).status().code(), StatusCode::kCancelled);
}

TEST_P(ImageToImageTest, RefusesWhatIsOutOfRange) {
  Pipeline pipeline = load();
  for (const double strength : {-0.1, 1.1, static_cast<double>(NAN)}) {
    const auto image = pipeline.generate("a boat", options(strength));
    EXPECT_EQ(image.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(image.status().message().find("strength must be 0 to 1"), std::string::npos) << image.status().message();
  }
  for (const auto& [width, height, format] : {std::tuple{0, 60, PixelFormat::kRgb},
                                              {100, -1, PixelFormat::kRgb},
                                              {1 << 20, 1 << 20, PixelFormat::kRgb},
                                              {100, 60, static_cast<PixelFormat>(1)}}) {
    GenerateOptions wrong = options();
    wrong.image = {given_.data(), width, height, format};
    EXPECT_EQ(pipeline.generate("a boat", wrong).status().code(), StatusCode::kInvalidArgument);
  }
}

// The default model, whose pictures can be judged: the less is made anew, the nearer it stays to what was given, and
// where all is, the words decide.
TEST(DefaultModelTest, KeepsWhatTheStrengthLeaves) {
  auto pipeline = Pipeline::load();
  ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
  const auto given = pipeline->generate("a red house in a meadow at noon", {.width = 128, .height = 128});
  ASSERT_TRUE(given.ok());
  const auto distance = [&](GenerateOptions options) {
    options.width = options.height = 128;
    const auto image = pipeline->generate("a blue house in the snow at night", options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    if (!image.ok()) return 0.0;
    double squares = 0;
    for (size_t i = 0; i < given->pixels.size(); ++i) squares += std::pow(image->pixels[i] - given->pixels[i], 2);
    return squares;
  };
  const double fresh = distance({});
  double before = 0;
  for (const double strength : {0.02, 0.3, 0.6}) {
    const double now = distance({.image = given->view(), .strength = strength});
    EXPECT_GT(now, before) << strength;
    EXPECT_LT(now, fresh * 1.1) << strength;
    before = now;
  }
  EXPECT_LT(distance({.image = given->view(), .strength = 0.02}), 0.1 * fresh);
}

// A model without an encoder draws from words as ever, and says what is missing when a picture is given.
TEST(NoEncoderTest, SaysWhichTensorIsMissing) {
  const SmallModel model;
  auto pipeline = Pipeline::load(model.path(), {.threads = 1});
  ASSERT_TRUE(pipeline.ok());
  const std::vector<uint8_t> given(8 * 8 * 4, 90);
  GenerateOptions options;
  options.image = {given.data(), 8, 8, PixelFormat::kRgba};
  const auto image = pipeline->generate("a boat", options);
  EXPECT_EQ(image.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(image.status().message().find("this model has no encoder"), std::string::npos) << image.status().message();
  EXPECT_NE(image.status().message().find("lacks the tensor encoder."), std::string::npos) << image.status().message();
  EXPECT_TRUE(pipeline->generate("a boat").ok());
}

}  // namespace
}  // namespace mobilediffusion
