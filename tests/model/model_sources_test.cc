// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The default model from a folder, out of one big file and out of memory: the same picture, bit for bit.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "src/drawing.h"
#include "src/files/file_source.h"
#include "src/loaded_model.h"
#include "tests/descriptor.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

const std::string kModel = MOBILEDIFFUSION_DEFAULT_MODEL_DIR;

std::map<std::string, std::string> files_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), folder).generic_string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

// A picture as Pipeline draws it.
std::vector<uint8_t> draw(const SourcePath& folder, const LoadOptions& options = {.threads = 1}) {
  Result<LoadedModel> model = LoadedModel::load(folder, options);
  EXPECT_TRUE(model.ok()) << model.status().message();
  if (!model.ok()) return {};
  const kernels::ThreadPool threads(1);
  kernels::Arena arena;
  const std::atomic<bool> cancelled = false;
  const std::function<void(LogLevel, std::string_view)> silence;
  const auto image =
      mobilediffusion::draw({*model, threads, arena, cancelled, silence, options.prompt_filter, options.image_filter},
                            "two red boats on Xylophania", {.seed = 7, .width = 128, .height = 128});
  EXPECT_TRUE(image.ok()) << image.status().message();
  if (!image.ok()) return {};
  EXPECT_EQ(image->unknown_words, std::vector<std::string>{"xylophania"});
  return image->pixels;
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
    const int descriptor = open_descriptor(folder_.path("package"));
    auto set = std::make_shared<FileSet>("package");
    for (const auto& [name, content] : files_)
      EXPECT_TRUE(set->add(name, descriptor, offsets[name], content.size()).ok());
    close_descriptor(descriptor);
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
