// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The names by which a folder may hold a network's weights.
#include "src/model/weight_files.h"

#include <gtest/gtest.h>

#include <string>

#include "src/files/safetensors.h"
#include "src/weights/file_weights.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

constexpr const char* kPlain = "diffusion_pytorch_model.safetensors";

std::vector<std::string> found(const TemporaryFolder& folder) {
  const auto files = find_weight_files(folder.path(kPlain));
  EXPECT_TRUE(files.ok()) << files.status().message();
  std::vector<std::string> names;
  if (files.ok()) {
    for (const SourcePath& file : *files) names.push_back(file.string());
  }
  return names;
}

TEST(WeightFilesTest, ThePlainFileComesFirst) {
  const TemporaryFolder folder;
  EXPECT_EQ(found(folder), std::vector<std::string>{folder.path(kPlain)});  // for the message that it is not there
  folder.write("diffusion_pytorch_model.fp16.safetensors", "");
  EXPECT_EQ(found(folder), std::vector<std::string>{folder.path("diffusion_pytorch_model.fp16.safetensors")});
  folder.write(kPlain, "");
  EXPECT_EQ(found(folder), std::vector<std::string>{folder.path(kPlain)});
}

TEST(WeightFilesTest, AnIndexNamesItsFilesOnce) {
  for (const std::string index :
       {"diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.fp16.safetensors.index.json",
        "diffusion_pytorch_model.safetensors.fp16.index.json", "diffusion_pytorch_model.safetensors.index.fp16.json"}) {
    const TemporaryFolder folder;
    folder.write(index, R"({"metadata": {}, "weight_map": {"c": "b.safetensors", "a": "a.safetensors",
                            "b": "b.safetensors"}})");
    EXPECT_EQ(found(folder), (std::vector<std::string>{folder.path("a.safetensors"), folder.path("b.safetensors")}));
  }
}

TEST(WeightFilesTest, AnIndexThatIsNoneOrLeadsElsewhere) {
  for (const char* text : {"[]", "{}", R"({"weight_map": []})", R"({"weight_map": {"a": 1}})",
                           R"({"weight_map": {"a": "../b.safetensors"}})", R"({"weight_map": {"a": "b.bin"}})"}) {
    const TemporaryFolder folder;
    folder.write("diffusion_pytorch_model.safetensors.index.json", text);
    const auto files = find_weight_files(folder.path(kPlain));
    EXPECT_EQ(files.status().code(), StatusCode::kInvalidModel) << text;
    EXPECT_NE(files.status().message().find("index.json"), std::string::npos) << files.status().message();
  }
}

// Another variant where it is the only one; half precision first.
TEST(WeightFilesTest, VariantsOfOtherNames) {
  const TemporaryFolder folder;
  folder.write("diffusion_pytorch_model.non_ema.safetensors", "");
  EXPECT_EQ(found(folder), std::vector<std::string>{folder.path("diffusion_pytorch_model.non_ema.safetensors")});
  folder.write("diffusion_pytorch_model.ema.safetensors", "");
  const Status several = find_weight_files(folder.path(kPlain)).status();
  EXPECT_EQ(several.code(), StatusCode::kNotFound);
  for (const char* word : {kPlain, "model.ema.safetensors", "model.non_ema.safetensors"})
    EXPECT_NE(several.message().find(word), std::string::npos) << several.message();
  folder.write("diffusion_pytorch_model.bf16.safetensors", "");
  EXPECT_EQ(found(folder), std::vector<std::string>{folder.path("diffusion_pytorch_model.bf16.safetensors")});
}

TEST(WeightFilesTest, ShardsWithoutAnIndex) {
  for (const std::string stem : {"diffusion_pytorch_model", "diffusion_pytorch_model.fp16"}) {
    const TemporaryFolder folder;
    const std::string first = stem + "-00001-of-00002.safetensors", second = stem + "-00002-of-00002.safetensors";
    folder.write(second, "");
    const Status half = find_weight_files(folder.path(kPlain)).status();
    EXPECT_EQ(half.code(), StatusCode::kInvalidModel);
    EXPECT_NE(half.message().find("1 of the 2 shards"), std::string::npos) << half.message();
    folder.write(first, "");
    EXPECT_EQ(found(folder), (std::vector<std::string>{folder.path(first), folder.path(second)}));
    folder.write("diffusion_pytorch_model.bf16-00001-of-00001.safetensors", "");
    EXPECT_EQ(find_weight_files(folder.path(kPlain)).status().code(), StatusCode::kInvalidModel);
  }
}

TEST(WeightFilesTest, APickleIsRefusedWithAWayOut) {
  const TemporaryFolder folder;
  folder.write("diffusion_pytorch_model.bin", "");
  const auto files = find_weight_files(folder.path(kPlain));
  EXPECT_EQ(files.status().code(), StatusCode::kUnsupported);
  for (const char* words : {"diffusion_pytorch_model.bin", "pickle", "safetensors"})
    EXPECT_NE(files.status().message().find(words), std::string::npos) << files.status().message();
}

// Tensors are found in whichever file has them; a linear's weight may be stored as a 1x1 convolution's.
TEST(WeightFilesTest, TensorsComeFromSeveralFiles) {
  const TemporaryFolder folder;
  const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {7, 8};
  ASSERT_TRUE(write_safetensors(folder.path("x.safetensors"), {float32_tensor("a", {3, 2, 1, 1}, a)}).ok());
  ASSERT_TRUE(write_safetensors(folder.path("y.safetensors"), {float32_tensor("b", {2}, b)}).ok());
  folder.write("diffusion_pytorch_model.safetensors.index.json",
               R"({"weight_map": {"a": "x.safetensors", "b": "y.safetensors"}})");
  auto weights = FileWeights::open(folder.path(kPlain));
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  const int64_t matrix[] = {3, 2}, vector[] = {2}, other[] = {2, 3};
  const auto first = (*weights)->get("a", matrix), second = (*weights)->get("b", vector);
  ASSERT_NE(first.data, nullptr);
  ASSERT_NE(second.data, nullptr);
  EXPECT_EQ(static_cast<const float*>(first.data)[5], 6);
  EXPECT_EQ(static_cast<const float*>(second.data)[1], 8);
  EXPECT_EQ(first.shape, (std::vector<int64_t>{3, 2}));
  (*weights)->release(second);
  EXPECT_TRUE((*weights)->status().ok());
  EXPECT_EQ((*weights)->get("a", other).data, nullptr);
  EXPECT_FALSE((*weights)->status().ok());
}

}  // namespace
}  // namespace mobilediffusion
