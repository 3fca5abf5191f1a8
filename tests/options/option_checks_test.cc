// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/options/option_checks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace mobilediffusion {
namespace {

constexpr PictureLimits kLimits = {.size_multiple = 32, .upscale = 8, .latent_channels = 8};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// What check() says, "" where it has no objection.
std::string objection(const LoadOptions& options) {
  const Status status = check(options);
  EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument) << status.message();
  return status.message();
}

std::string objection(const GenerateOptions& options, int width = 128, int height = 128) {
  const Status status = check(options, width, height, kLimits);
  EXPECT_TRUE(status.ok() || status.code() == StatusCode::kInvalidArgument) << status.message();
  return status.message();
}

TEST(LoadOptionsTest, EveryFieldHasItsRange) {
  EXPECT_EQ(objection(LoadOptions{}), "");
  EXPECT_EQ(objection({.threads = 256, .precision = Precision::kInt8, .memory = MemoryUse::kStream}), "");
  EXPECT_EQ(objection({.precision = Precision::kOfModel}), "");
  EXPECT_EQ(objection({.threads = -1}), "threads must be 0 (one a core) to 256, not -1");
  EXPECT_EQ(objection({.threads = 257}), "threads must be 0 (one a core) to 256, not 257");
  EXPECT_EQ(objection({.precision = static_cast<Precision>(4)}), "precision 4 is not one of options.h");
  EXPECT_EQ(objection({.precision = static_cast<Precision>(-1)}), "precision -1 is not one of options.h");
  EXPECT_EQ(objection({.memory = static_cast<MemoryUse>(2)}), "memory 2 is not one of options.h");
  EXPECT_EQ(objection({.priority = Priority::kBackground}), "");
  EXPECT_EQ(objection({.priority = static_cast<Priority>(-1)}), "priority -1 is not one of options.h");
  EXPECT_EQ(objection({.priority = static_cast<Priority>(2)}), "priority 2 is not one of options.h");
}

TEST(PackOptionsTest, WeightsAreOfTheListedKinds) {
  EXPECT_TRUE(check(PackOptions{}).ok());
  EXPECT_TRUE(check(PackOptions{.weights = StoredWeights::kInt8}).ok());
  EXPECT_TRUE(check(PackOptions{.weights = StoredWeights::kFloat16}).ok());
  const Status status = check(PackOptions{.weights = static_cast<StoredWeights>(3)});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "weights 3 is not one of pack.h");
}

TEST(GenerateOptionsTest, TheDefaultsAreFine) { EXPECT_EQ(objection(GenerateOptions{}), ""); }

TEST(GenerateOptionsTest, SidesAreMultiplesAndNeitherTooSmallNorTooLarge) {
  EXPECT_EQ(objection({}, 32, 32768), "");
  for (const int side : {-32, 0, 16, 100, 32768 + 32, std::numeric_limits<int>::min()}) {
    EXPECT_EQ(objection({}, side, 128), "width must be a multiple of 32 from 32 to 32768, not " + std::to_string(side));
    EXPECT_EQ(objection({}, 128, side),
              "height must be a multiple of 32 from 32 to 32768, not " + std::to_string(side));
  }
  EXPECT_EQ(objection({}, 32768, 8192), "");
  EXPECT_EQ(objection({}, 32768, 8224), "a picture of 32768x8224 is too large: at most 268435456 pixels");
}

TEST(GenerateOptionsTest, NumbersHaveTheirRangesAndANanHasNone) {
  for (const float fine : {0.0f, 1.0f, 100.0f}) EXPECT_EQ(objection({.guidance = fine}), "");
  for (const float wrong : {-0.5f, 100.5f, kNan, INFINITY})
    EXPECT_EQ(objection({.guidance = wrong}), "guidance must be 0 to 100, not " + std::to_string(wrong));
  EXPECT_EQ(objection({.steps = 1000}), "");  // how many there can be is the sampler's to say
  EXPECT_EQ(objection({.steps = -1}), "steps must be 0 (the model's own) or more, not -1");
}

TEST(GenerateOptionsTest, AValueThatItsHeaderDoesNotListIsNamed) {
  EXPECT_EQ(objection({.noise = static_cast<Noise>(2)}), "noise 2 is not one of options.h");
  // 1 or 2 bytes a pixel would pass as a smaller buffer than what is written.
  for (const int format : {-3, 0, 1, 2, 5})
    EXPECT_EQ(objection({.format = static_cast<PixelFormat>(format)}),
              "format " + std::to_string(format) + " is not one of image.h");
}

TEST(GenerateOptionsTest, ThePictureToBeginWith) {
  const uint8_t pixel[4] = {};
  const auto with = [&](Pixels image, double strength) {
    GenerateOptions options;
    options.image = image;
    options.strength = strength;
    return objection(options);
  };
  EXPECT_EQ(with({pixel, 1, 1, PixelFormat::kRgba}, 1), "");
  EXPECT_EQ(with({nullptr, -1, -1, static_cast<PixelFormat>(9)}, -1), "");  // none: nothing of it is read
  EXPECT_EQ(with({pixel, 1, 1, PixelFormat::kRgb}, 1.5), "strength must be 0 to 1, not 1.500000");
  EXPECT_EQ(with({pixel, 1, 1, PixelFormat::kRgb}, std::nan("")).substr(0, 29), "strength must be 0 to 1, not ");
  EXPECT_EQ(with({pixel, 1, 1, static_cast<PixelFormat>(1)}, 1), "image.format 1 is not one of image.h");
  EXPECT_EQ(with({pixel, 0, 1, PixelFormat::kRgb}, 1), "image must have from 1 to 268435456 pixels, not 0x1");
  EXPECT_EQ(with({pixel, 1 << 20, 1 << 20, PixelFormat::kRgb}, 1),
            "image must have from 1 to 268435456 pixels, not 1048576x1048576");
}

TEST(GenerateOptionsTest, TheCallersMemoryIsLargeEnough) {
  GenerateOptions options;
  options.initial_noise.resize(8 * 16 * 8);
  EXPECT_EQ(objection(options, 128, 64), "");
  EXPECT_EQ(objection(options, 128, 128), "initial_noise must have 2048 values for a picture of 128x128, not 1024");

  std::vector<uint8_t> pixels(128 * 64 * 3);
  options = {.output = pixels.data(), .output_bytes = pixels.size()};
  EXPECT_EQ(objection(options, 128, 64), "");
  options.format = PixelFormat::kRgba;
  EXPECT_EQ(objection(options, 128, 64), "output_bytes must be at least 32768, not 24576");
}

}  // namespace
}  // namespace mobilediffusion
