// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "mobilediffusion/pipeline.h"
#include "src/cost.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

// Why the model cannot be loaded.
Status trouble(const SmallModel& model) {
  const auto pipeline = Pipeline::load(model.path(), {.threads = 1});
  return pipeline.ok() ? Status() : pipeline.status();
}

void expect_trouble(const SmallModel& model, StatusCode code, const std::vector<std::string>& saying) {
  const Status status = trouble(model);
  EXPECT_EQ(status.code(), code) << status.message();
  for (const std::string& words : saying) EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
}

TEST(ModelFolderTest, AWholeOneLoads) { EXPECT_TRUE(trouble(SmallModel()).ok()) << trouble(SmallModel()).message(); }

TEST(ModelFolderTest, EveryMissingFileIsNamed) {
  for (const char* file : {"model_index.json", "text_encoder/config.json", "text_encoder/model.safetensors", "unet/config.json",
                           "unet/diffusion_pytorch_model.safetensors", "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
                           "scheduler/scheduler_config.json", "tokenizer/merges.txt"}) {
    const SmallModel model;
    model.remove(file);
    expect_trouble(model, StatusCode::kNotFound, {file});
  }
  const SmallModel model;
  model.remove("tokenizer");
  expect_trouble(model, StatusCode::kNotFound, {"tokenizer"});
  EXPECT_EQ(Pipeline::load(model.path() + "/nowhere").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Pipeline::load("").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Pipeline::load(model.path() + "/model_index.json").status().code(), StatusCode::kNotFound);
}

TEST(ModelFolderTest, AFolderWithoutWeightsIsAConfiguration) {
  const SmallModel model;
  for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors", "tokenizer"}) {
    model.remove(file);
  }
  EXPECT_TRUE(open_model_folder(model.path()).ok());
}

TEST(ModelFolderTest, UnknownClasses) {
  for (const char* known : {"MobileDiffusionPipeline", "CLIPTextModel", "MobileDiffusionUNet", "AutoencoderKL", "DiffusionGANScheduler"}) {
    const SmallModel model;
    model.edit("model_index.json", known, "SomethingElse");
    expect_trouble(model, StatusCode::kUnsupported, {"model_index.json", "SomethingElse", known});
  }
}

TEST(ModelFolderTest, NetworksThatDoNotFitOneAnother) {
  const SmallModel text, latent;
  text.edit("unet/config.json", "\"cross_attention_dim\": 64", "\"cross_attention_dim\": 63");
  expect_trouble(text, StatusCode::kInvalidModel, {"cross_attention_dim", "63", "64"});
  latent.edit("vae/config.json", "\"latent_channels\": 8", "\"latent_channels\": 4");
  expect_trouble(latent, StatusCode::kInvalidModel, {"latent_channels", "4", "8"});
}

// Configuration and weights that disagree: the tensor, what it has, what was asked for.
TEST(ModelFolderTest, WrongShapesAndMissingTensorsAreNamed) {
  const SmallModel wide, deep;
  wide.edit("unet/config.json", "\"feed_forward_ratio\": 6", "\"feed_forward_ratio\": 4");
  expect_trouble(wide, StatusCode::kInvalidModel, {"unet/diffusion_pytorch_model.safetensors", "ff.proj.weight", "(192, 32)", "(128, 32)"});
  deep.edit("text_encoder/config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
  expect_trouble(deep, StatusCode::kInvalidModel, {"text_encoder/model.safetensors", "lacks the tensor", "layers.2.layer_norm1.weight", "(64)"});
}

TEST(ModelFolderTest, TruncatedWeightsAreNamed) {
  for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors"}) {
    const SmallModel model;
    const std::string bytes = model.read(file);
    for (const size_t size : {size_t{0}, size_t{7}, size_t{91}, bytes.size() / 2, bytes.size() - 1}) {
      model.write(file, bytes.substr(0, size));
      expect_trouble(model, StatusCode::kInvalidModel, {file});
    }
  }
}

TEST(ModelFolderTest, DamagedTokenizers) {
  const SmallModel model;
  model.write("tokenizer/vocab.json", "[1]");
  expect_trouble(model, StatusCode::kInvalidModel, {"vocab.json"});
  model.write("tokenizer/vocab.json", "{\"a\": 100000}");
  expect_trouble(model, StatusCode::kInvalidModel, {"tokenizer"});
  model.write("tokenizer/tokenizer.model", "no SentencePiece model");
  expect_trouble(model, StatusCode::kInvalidModel, {"tokenizer.model", "no SentencePiece model"});
}

TEST(ModelFolderTest, TheEnvironmentNamesTheDefaultModel) {
  const SmallModel model;
  ASSERT_EQ(::setenv("MOBILEDIFFUSION_MODEL", model.path().c_str(), 1), 0);
  const auto pipeline = Pipeline::load();
  ::unsetenv("MOBILEDIFFUSION_MODEL");
  ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
  EXPECT_EQ(pipeline->model_name(), "base");
}

// The paper's sizes, to the digits that the design gives: the whole model is described by its configuration alone.
TEST(CostTest, MobileDiffusionHasThePapersSize) {
  const auto model = open_model_folder(std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/models/mobilediffusion");
  ASSERT_TRUE(model.ok()) << model.status().message();
  const ModelCost cost = cost_of(*model, 64, 64);
  EXPECT_NEAR(static_cast<double>(cost.text_encoder.whole.parameters), 123.06e6, 0.005e6);
  EXPECT_NEAR(static_cast<double>(cost.unet.whole.parameters), 387.7e6, 0.05e6);
  EXPECT_NEAR(static_cast<double>(cost.decoder.whole.parameters), 9.66e6, 0.006e6);
  EXPECT_NEAR(static_cast<double>(cost.total().parameters), 520.4e6, 0.05e6);
  EXPECT_NEAR(static_cast<double>(cost.unet.whole.macs), 189.3e9, 0.05e9);
  EXPECT_NEAR(static_cast<double>(cost.decoder.whole.macs), 256e9, 0.5e9);
}

TEST(CostTest, BlocksAddUpToTheWhole) {
  for (const char* name : {"mobilediffusion", "mobilediffusion-lite"}) {
    const auto model = open_model_folder(std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/models/" + name);
    ASSERT_TRUE(model.ok());
    const ModelCost cost = cost_of(*model, 64, 64);
    for (const NetworkCost* network : {&cost.text_encoder, &cost.unet, &cost.decoder}) {
      int64_t parameters = 0, macs = 0;
      for (const Cost& block : network->blocks) parameters += block.parameters, macs += block.macs;
      EXPECT_EQ(parameters, network->whole.parameters);
      EXPECT_EQ(macs, network->whole.macs);
    }
  }
}

}  // namespace
}  // namespace mobilediffusion
