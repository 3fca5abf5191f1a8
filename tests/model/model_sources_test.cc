// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The default model from a folder, out of one big file and out of memory: the same picture, bit for bit.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "src/files/file_source.h"
#include "src/images/pixels.h"
#include "src/model/model_folder.h"
#include "src/sampling/noise_source.h"
#include "src/stages.h"
#include "src/text/tokenizer.h"
#include "src/text/word_list.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

const std::string kModel = std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/models/scenes";

std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), folder).generic_string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

// A picture of the model, as its parts draw it.
std::vector<uint8_t> draw(const SourcePath& folder, const LoadOptions& options = {.threads = 1}) {
  const auto model = open_model_folder(folder);
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return {};
  const auto tokenizer = load_tokenizer(model->tokenizer_folder(), model->text_encoder);
  const auto words = WordList::load(folder);
  auto stages = Stages::load(*model, NetworkLoading(options));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  EXPECT_TRUE(words.ok()) << words.status().message();
  EXPECT_TRUE(stages.ok()) << stages.status().message();
  if (!tokenizer.ok() || !words.ok() || !stages.ok()) return {};
  EXPECT_EQ(words->unknown("two red boats at noon on Xylophania"), std::vector<std::string>{"xylophania"});

  const kernels::ThreadPool threads(1);
  kernels::Arena arena;
  kernels::Context context(threads, arena);
  const int side = model->unet.sample_size;
  const kernels::Tensor text =
      stages->encode(context, (*tokenizer)->encode("two red boats", model->text_encoder.max_position_embeddings)->ids);
  kernels::Tensor latents = context.make({1, side, side, model->unet.in_channels});
  const auto source = make_noise_source(Noise::kPhilox, 7);
  std::vector<float> noise(static_cast<size_t>(latents.shape().elements()));
  source->draw(0, noise);
  to_channels_last(noise, latents);
  const auto sampler = make_sampler("", model->scheduler, 0);
  EXPECT_TRUE(sampler.ok());
  scale(latents, (*sampler)->initial_scale());
  stages->denoise(context, latents, **sampler, {.text = text, .noise = *source});
  const kernels::Tensor picture = stages->decode(context, latents);
  EXPECT_TRUE(context.ok()) << context.status().message();
  std::vector<uint8_t> pixels(static_cast<size_t>(picture.shape().elements()));
  to_pixels({picture.data(), pixels.size()}, static_cast<int>(picture.shape().w), static_cast<int>(picture.shape().h),
            PixelFormat::kRgb, pixels.data());
  return pixels;
}

class ModelSourcesTest : public testing::Test {
 protected:
  // Each file a part of one that has something before, between and behind them, so that none begins at a page.
  SourcePath in_one_file() {
    std::map<std::string, uint64_t> offsets;
    {
      std::ofstream out(folder_.path("package"), std::ios::binary);
      uint64_t offset = 0;
      for (const auto& [name, content] : files_) {
        out << "gap" << content;
        offsets[name] = offset + 3;
        offset += 3 + content.size();
      }
      out << "end";
    }
    const int descriptor = ::open(folder_.path("package").c_str(), O_RDONLY);
    auto set = std::make_shared<FileSet>("package");
    for (const auto& [name, content] : files_)
      EXPECT_TRUE(set->add(name, descriptor, offsets[name], content.size()).ok());
    ::close(descriptor);
    return {set, ""};
  }

  SourcePath in_memory() {
    auto set = std::make_shared<FileSet>("memory");
    for (const auto& [name, content] : files_) set->add(name, std::as_bytes(std::span(content.data(), content.size())));
    return {set, ""};
  }

  const std::map<std::string, std::string> files_ = files_of(kModel);
  TemporaryFolder folder_;
};

TEST_F(ModelSourcesTest, TheSamePictureFromEach) {
  const std::vector<uint8_t> truth = draw(kModel);
  ASSERT_FALSE(truth.empty());
  EXPECT_TRUE(draw(in_one_file()) == truth);
  EXPECT_TRUE(draw(in_memory()) == truth);
}

TEST_F(ModelSourcesTest, StreamedAndThroughTheCache) {
  LoadOptions options{.threads = 1, .precision = Precision::kInt8, .cache_folder = folder_.path("cache")};
  options.memory = MemoryUse::kStream;
  const std::vector<uint8_t> truth = draw(kModel, options);
  ASSERT_FALSE(truth.empty());
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(draw(in_one_file(), options) == truth);
    EXPECT_TRUE(draw(in_memory(), options) == truth);
  }
}

TEST_F(ModelSourcesTest, MessagesNameTheSourceAndTheFile) {
  auto set = std::make_shared<FileSet>("app.apk");
  for (const auto& [name, content] : files_) {
    if (name != "unet/config.json") set->add(name, std::as_bytes(std::span(content.data(), content.size())));
  }
  const auto model = open_model_folder({set, ""});
  EXPECT_EQ(model.status().code(), StatusCode::kNotFound);
  EXPECT_NE(model.status().message().find("app.apk/unet/config.json"), std::string::npos) << model.status().message();
}

}  // namespace
}  // namespace mobilediffusion
