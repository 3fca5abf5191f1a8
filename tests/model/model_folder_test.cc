// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/model_folder.h"

#include <gtest/gtest.h>

#if !defined(_WIN32)
#include <sys/stat.h>
#endif

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels/runtime/data_type.h"
#include "mobilediffusion/pipeline.h"
#include "src/files/safetensors.h"
#include "src/networks/cost.h"
#include "tests/scoped_variable.h"
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
  for (const std::string& words : saying)
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
}

TEST(ModelFolderTest, AWholeOneLoads) { EXPECT_TRUE(trouble(SmallModel()).ok()) << trouble(SmallModel()).message(); }

TEST(ModelFolderTest, EveryMissingFileIsNamed) {
  for (const char* file :
       {"model_index.json", "text_encoder/config.json", "text_encoder/model.safetensors", "unet/config.json",
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

// One line: what it is, and what runs.
TEST(ModelFolderTest, ModelsThatCannotRunSayWhy) {
  for (const auto& [pipeline, reason] : {std::pair{"StableDiffusionXLPipeline", "two text encoders"},
                                         {"StableDiffusionControlNetPipeline", "a second network"},
                                         {"StableDiffusionInpaintPipeline", "a mask"},
                                         {"StableDiffusion3Pipeline", "a transformer in place of the UNet"},
                                         {"FluxPipeline", "a T5 text encoder"},
                                         {"PixArtAlphaPipeline", "a transformer in place of the UNet"},
                                         {"KandinskyPipeline", "supported"}}) {
    const SmallModel model;
    model.edit("model_index.json", "MobileDiffusionPipeline", pipeline);
    expect_trouble(model, StatusCode::kUnsupported, {"model_index.json", pipeline, reason, "StableDiffusionPipeline"});
  }
  for (const auto& [part, type] : {std::pair{"text_encoder_2", "CLIPTextModelWithProjection"},
                                   {"transformer", "FluxTransformer2DModel"},
                                   {"controlnet", "ControlNetModel"}}) {
    const SmallModel model;
    model.edit("model_index.json", "{", std::string("{\"") + part + "\": [\"diffusers\", \"" + type + "\"],");
    expect_trouble(model, StatusCode::kUnsupported, {"model_index.json", part, type, "supported"});
  }
  {
    const SmallModel model;  // an inpainting UNet: the latent, a mask and a masked picture's latent
    model.edit("unet/config.json", "\"in_channels\": 8", "\"in_channels\": 17");
    expect_trouble(model, StatusCode::kUnsupported, {"in_channels is 17", "inpainting", "supported: 8"});
  }
  {
    const SmallModel model;  // T5's
    model.edit("text_encoder/config.json", "{", "{\"model_type\": \"t5\",");
    expect_trouble(model, StatusCode::kUnsupported, {"text_encoder/config.json", "t5", "clip_text_model"});
  }
  {
    const SmallModel model;  // a network alone
    model.remove("model_index.json");
    model.write("config.json", R"({"_class_name": "ControlNetModel"})");
    expect_trouble(model, StatusCode::kUnsupported, {"no model_index.json", "ControlNetModel", "supported"});
  }
  const TemporaryFolder folder;
  folder.write("model.safetensors", "x");
  const Status file = Pipeline::load(folder.path("model.safetensors")).status();
  EXPECT_EQ(file.code(), StatusCode::kNotFound);
  EXPECT_NE(file.message().find("is a file; a model is a folder"), std::string::npos) << file.message();
}

// Kinds that read more than words and a latent: by their pipeline's class, and by their UNet's width.
TEST(ModelFolderTest, KindsThatCannotRunAreToldWhy) {
  for (const auto& [name, reason] :
       {std::pair{"StableDiffusionInstructPix2PixPipeline", "a picture to be changed"},
        std::pair{"StableDiffusionImageVariationPipeline", "a picture and not words"},
        std::pair{"StableDiffusionDepth2ImgPipeline", "depths"}, std::pair{"FlaxStableDiffusionPipeline", "Flax"}}) {
    const SmallModel model;
    model.edit("model_index.json", "MobileDiffusionPipeline", name);
    expect_trouble(model, StatusCode::kUnsupported, {name, reason, "which cannot run"});
  }
  const SmallModel wide;
  wide.edit("unet/config.json", "\"in_channels\": 8", "\"in_channels\": 16");
  expect_trouble(wide, StatusCode::kUnsupported, {"in_channels is 16", "InstructPix2Pix", "supported: 8"});
  const SmallModel listed;  // a class of a module of its own
  listed.edit("model_index.json", "\"MobileDiffusionPipeline\"", "[\"pipeline\", \"MyPipeline\"]");
  expect_trouble(listed, StatusCode::kUnsupported, {"model_index.json", "class MyPipeline"});
}

TEST(ModelFolderTest, AnAutoencoderThatDoesNotFitIsNamedByItsPath) {
  const SmallModel model;
  std::filesystem::copy(model.path() + "/vae", model.path() + "/other");
  model.edit("other/config.json", "\"latent_channels\": 8", "\"latent_channels\": 4");
  const Status status = open_model_folder(model.path(), model.path() + "/other").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidModel);
  EXPECT_NE(status.message().find(model.path() + "/other/config.json's latent_channels is 4"), std::string::npos)
      << status.message();
}

// Configurations as their authors published them, where they are at hand.
TEST(ModelFolderTest, PublishedConfigurations) {
  const std::string all = std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/../shared/real/configs/";
  if (!std::filesystem::is_directory(all)) GTEST_SKIP() << "they are not at hand";
  for (const auto& [name, sampler, steps] :
       {std::tuple("stable-diffusion-v1-5", "plms", 25), std::tuple("stable-diffusion-2-1-base", "plms", 25),
        std::tuple("bk-sdm_unet_config_bk_tiny", "plms", 25)}) {
    const auto model = open_model_folder(all + name);
    ASSERT_TRUE(model.ok()) << model.status().message();
    EXPECT_EQ(model->scheduler.sampler, sampler) << name;
    EXPECT_EQ(model->scheduler.steps, steps) << name;
    EXPECT_FALSE(model->recipe.assumed) << name;
  }
  EXPECT_TRUE(open_model_folder(all + "owl-characters").ok());
  for (const auto& [name, reason] : {std::pair{"sdxl-turbo", "two text encoders"},
                                     std::pair{"stable-diffusion-2-inpainting", "a mask and a masked picture"}}) {
    const Status status = open_model_folder(all + name).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported);
    EXPECT_NE(status.message().find(reason), std::string::npos) << status.message();
  }
}

TEST(ModelFolderTest, AFolderWithoutWeightsIsAConfiguration) {
  const SmallModel model;
  for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
                           "vae/diffusion_pytorch_model.safetensors", "tokenizer"}) {
    model.remove(file);
  }
  EXPECT_TRUE(open_model_folder(model.path()).ok());
}

TEST(ModelFolderTest, UnknownClasses) {
  for (const char* known : {"MobileDiffusionPipeline", "CLIPTextModel", "MobileDiffusionUNet", "AutoencoderKL"}) {
    const SmallModel model;
    model.edit("model_index.json", known, "SomethingElse");
    expect_trouble(model, StatusCode::kUnsupported, {"model_index.json", "SomethingElse", known});
  }
  // A scheduler that is not supported leaves a model that other samplers serve.
  const SmallModel model;
  model.edit("scheduler/scheduler_config.json", "DiffusionGANScheduler", "SomethingElse");
  const auto opened = open_model_folder(model.path());
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ(opened->scheduler.sampler, "");
  EXPECT_EQ(opened->scheduler.class_name, "SomethingElse");
}

// A scheduler_config.json that names no class is of model_index.json's.
TEST(ModelFolderTest, TheSchedulersClassMayStandInTheIndex) {
  const SmallModel model;
  model.edit("scheduler/scheduler_config.json", "\"_class_name\"", "\"_was\"");
  const auto ours = open_model_folder(model.path());
  ASSERT_TRUE(ours.ok()) << ours.status().message();
  EXPECT_EQ(ours->scheduler.sampler, "gan");
  model.edit("model_index.json", "DiffusionGANScheduler", "DDIMScheduler");
  const auto theirs = open_model_folder(model.path());
  ASSERT_TRUE(theirs.ok()) << theirs.status().message();
  EXPECT_EQ(theirs->scheduler.sampler, "ddim");
  EXPECT_EQ(theirs->scheduler.steps, 25);
  model.edit("scheduler/scheduler_config.json", "\"_was\"", "\"_class_name\"");
  EXPECT_EQ(open_model_folder(model.path())->scheduler.sampler, "gan") << "the file's own counts first";
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
  expect_trouble(wide, StatusCode::kInvalidModel,
                 {"unet/diffusion_pytorch_model.safetensors", "ff.proj.weight", "(192, 32)", "(128, 32)"});
  deep.edit("text_encoder/config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3");
  expect_trouble(deep, StatusCode::kInvalidModel,
                 {"text_encoder/model.safetensors", "lacks the tensor", "layers.2.layer_norm1.weight", "(64)"});
}

// The tensors of one of the model's files, changed: `change` gets each, and what it adds to the list is written.
void rewrite(const SmallModel& model, const std::string& file,
             const std::function<void(std::vector<TensorSource>*)>& change) {
  const std::string bytes = model.read(file);
  const auto old = Safetensors::parse({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, file);
  ASSERT_TRUE(old.ok()) << old.status().message();
  std::vector<TensorSource> tensors;
  for (const auto& [name, entry] : old->entries()) {
    const auto data = entry.data;
    tensors.push_back({name, entry.dtype, entry.shape, data.size(), [data](size_t offset, std::span<std::byte> piece) {
                         std::memcpy(piece.data(), data.data() + offset, piece.size());
                       }});
  }
  change(&tensors);
  const Status written = write_safetensors(model.path() + "/" + file, tensors);
  ASSERT_TRUE(written.ok()) << written.message();
}

std::vector<uint8_t> picture(const SmallModel& model) {
  auto pipeline = Pipeline::load(model.path(), {.threads = 1});
  EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
  if (!pipeline.ok()) return {};
  const auto image = pipeline->generate("a boat");
  return image.ok() ? image->pixels : std::vector<uint8_t>();
}

// An encoder's weights and a table of positions come along in others' files: of any type, and no layer asks for them.
TEST(ModelFolderTest, TensorsThatNoLayerAsksForAreIgnored) {
  const SmallModel model;
  const auto expected = picture(model);
  ASSERT_FALSE(expected.empty());
  const std::vector<float> nan = {NAN, 1};
  for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
                           "vae/diffusion_pytorch_model.safetensors"}) {
    rewrite(model, file, [&](std::vector<TensorSource>* tensors) {
      tensors->push_back(float32_tensor("encoder.conv_in.weight", {1, 2}, nan));
      tensors->push_back(
          {"text_model.embeddings.position_ids", "I64", {1, 2}, 16, [](size_t, std::span<std::byte> piece) {
             std::memset(piece.data(), 7, piece.size());
           }});
      tensors->push_back(float32_tensor("", {0}, {}));
    });
  }
  EXPECT_EQ(picture(model), expected);
}

TEST(ModelFolderTest, AWeightThatIsNoNumberIsNamed) {
  for (const auto& [file, tensor] :
       {std::pair{"text_encoder/model.safetensors", "text_model.embeddings.token_embedding.weight"},
        std::pair{"text_encoder/model.safetensors", "text_model.encoder.layers.1.mlp.fc1.weight"},
        std::pair{"unet/diffusion_pytorch_model.safetensors", "conv_in.weight"},
        std::pair{"unet/diffusion_pytorch_model.safetensors", "conv_norm_out.bias"},
        std::pair{"vae/diffusion_pytorch_model.safetensors", "decoder.conv_out.bias"}}) {
    for (const float poison : {NAN, INFINITY, -INFINITY}) {
      const SmallModel model;
      bool found = false;
      rewrite(model, file, [&, tensor = std::string(tensor)](std::vector<TensorSource>* tensors) {
        for (TensorSource& source : *tensors) {
          if (source.name != tensor) continue;
          found = true;
          source.fill = [fill = source.fill, poison](size_t offset, std::span<std::byte> piece) {
            fill(offset, piece);
            std::memcpy(piece.data() + piece.size() - sizeof poison, &poison, sizeof poison);
          };
        }
      });
      EXPECT_TRUE(found) << tensor;
      expect_trouble(model, StatusCode::kNonFinite, {tensor, "NaN or an infinity"});
    }
  }
}

// 16-bit weights are the same numbers: rounded to them and kept in 32 bits, they draw the same picture.
TEST(ModelFolderTest, HalvesDrawWhatTheirValuesDraw) {
  for (const bool brain : {false, true}) {
    const SmallModel narrow, wide;
    for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
                             "vae/diffusion_pytorch_model.safetensors"}) {
      for (const SmallModel* model : {&narrow, &wide}) {
        rewrite(*model, file, [&](std::vector<TensorSource>* tensors) {
          for (TensorSource& source : *tensors) {
            ASSERT_EQ(source.dtype, "F32");
            const bool halves = model == &narrow;
            source.fill = [fill = source.fill, halves, brain](size_t offset, std::span<std::byte> piece) {
              const size_t size = halves ? 2 : 4, count = piece.size() / size;
              std::vector<float> values(count);
              fill(offset / size * 4, std::as_writable_bytes(std::span(values)));
              for (size_t i = 0; i < count; ++i) {
                const auto upper = static_cast<uint16_t>(std::bit_cast<uint32_t>(values[i]) >> 16);
                const uint16_t bits = brain ? upper : kernels::float16_from_float(values[i]);
                const float back = brain ? kernels::float_from_bfloat16(bits) : kernels::float_from_float16(bits);
                std::memcpy(piece.data() + size * i, halves ? static_cast<const void*>(&bits) : &back, size);
              }
            };
            if (halves) {
              source.dtype = brain ? "BF16" : "F16";
              source.bytes /= 2;
            }
          }
        });
      }
    }
    const auto from_halves = picture(narrow);
    ASSERT_FALSE(from_halves.empty());
    EXPECT_EQ(from_halves, picture(wide)) << (brain ? "BF16" : "F16");
    EXPECT_LT(narrow.read("unet/diffusion_pytorch_model.safetensors").size(),
              wide.read("unet/diffusion_pytorch_model.safetensors").size());
  }
}

TEST(ModelFolderTest, AnIndexThatLacksAPart) {
  for (const char* part : {"text_encoder", "unet", "vae", "scheduler"}) {
    for (const char* wrong : {R"("other": [)", R"("other": {}, "unread": [)"}) {
      const SmallModel model;
      model.edit("model_index.json", std::string("\"") + part + "\": [", wrong);
      expect_trouble(model, StatusCode::kInvalidModel,
                     {"model_index.json lacks the key \"" + std::string(part) + "\""});
    }
  }
  const SmallModel bad;
  for (const char* text : {"{", "[]", "null", "{}", R"({"_class_name": 7})"}) {
    bad.write("model_index.json", text);
    expect_trouble(bad, StatusCode::kInvalidModel, {"model_index.json"});
  }
}

// A folder or a pipe where a file is expected: a message, and no waiting.
TEST(ModelFolderTest, WhatIsNoFile) {
  const SmallModel model;
  model.remove("unet/config.json");
  std::filesystem::create_directory(model.path() + "/unet/config.json");
  expect_trouble(model, StatusCode::kIoError, {"unet/config.json", "Is a directory"});
  model.remove("unet/config.json");
#if !defined(_WIN32)  // whose pipes have no place in a folder
  ASSERT_EQ(::mkfifo((model.path() + "/unet/config.json").c_str(), 0600), 0);
  expect_trouble(model, StatusCode::kIoError, {"unet/config.json"});
  model.remove("unet/config.json");
#endif
  model.write("unet/config.json", std::string(size_t{17} << 20, ' '));
  expect_trouble(model, StatusCode::kInvalidModel, {"unet/config.json", "17825792 bytes", "16777216"});
}

TEST(ModelFolderTest, TruncatedWeightsAreNamed) {
  for (const char* file : {"text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors",
                           "vae/diffusion_pytorch_model.safetensors"}) {
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
  const auto pipeline = [&] {
    const ScopedVariable variable("MOBILEDIFFUSION_MODEL", model.path());
    return Pipeline::load();
  }();
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
