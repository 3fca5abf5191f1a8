// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// LoRAs: what is added to which weight, what is refused, and that a picture from a model with one is the picture of the
// model whose weights were changed by hand.
#include "mobilediffusion/pipeline.h"
#include "src/weights/stored_weights.h"
#include "tests/weights/lora_fixture.h"

namespace mobilediffusion::lora_test {
namespace {

TEST_F(LoraTest, SeveralAddUp) {
  const Values up = random({16, 3}, 1), down = random({3, 16}, 2);
  write(path_, {{"unet." + to_q_ + ".lora_A.weight", down}, {"unet." + to_q_ + ".lora_B.weight", up}});
  const auto loras = open_loras({{path_, 0.5f}, {path_, 0.25f}}, model_);
  ASSERT_TRUE(loras.ok());
  Values expected = read(model_.unet_weights()).at(to_q_ + ".weight");
  add_by_hand(expected, up, down, 0.75);
  expect_close(changed(**loras, model_, to_q_ + ".weight"), expected.values, "two");
  const auto one = open_loras({{path_, 0.75f}}, model_);
  EXPECT_NE((*one)->identity("unet"), (*loras)->identity("unet"));
}

// Weights of 8 bits become float32 with the change in it.
TEST_F(LoraTest, OntoInt8) {
  ManifestWeights manifest;
  const UNet network(Scope(manifest, "unet", kernels::Precision::kInt8), model_.unet);
  ModelFolder quantized = model_;
  quantized.path = folder_.path("int8");
  std::filesystem::create_directories(quantized.path.name() + "/unet");
  ASSERT_TRUE(write_stored_weights(StoredWeights::kInt8, model_.unet_weights(), quantized.unet_weights().name(),
                                   manifest.entries())
                  .ok());
  const Values up = random({16, 3}, 1), down = random({3, 16}, 2);
  const auto loras = open({{"unet." + to_q_ + ".lora_A.weight", down}, {"unet." + to_q_ + ".lora_B.weight", up}}, 1.0f);
  ASSERT_TRUE(loras.ok());
  auto whole = FileWeights::open(quantized.unet_weights());
  Status status;
  const std::vector<int64_t> shape = {16, 16};
  Values expected{shape, kernels::to_float32((*whole)->get(to_q_ + ".weight", shape), to_q_, status)};
  add_by_hand(expected, up, down, 1);
  ChangedWeights weights(**whole, "unet", (*loras)->changes("unet"), nullptr);
  expect_close(kernels::to_float32(weights.get(to_q_ + ".weight", shape), to_q_, status), expected.values, "int8");
}

TEST_F(LoraTest, WhatDoesNotFitIsNamed) {
  const Values up = random({16, 3}, 1), down = random({3, 16}, 2);
  const std::string kohya = "lora_unet_" + replaced(to_q_, '.', '_');
  // An SDXL LoRA's.
  expect_refused(
      {{kohya + ".lora_down.weight", down},
       {kohya + ".lora_up.weight", up},
       {"lora_unet_input_blocks_12_1_proj_in.lora_down.weight", down},
       {"lora_unet_input_blocks_12_1_proj_in.lora_up.weight", up},
       {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", down},
       {"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", up}},
      StatusCode::kInvalidModel,
      {"lora.safetensors was made for another model: of the 3 layers that it changes, 2 are not in", "lora_te2_"});
  expect_refused({{kohya + ".lora_down.weight", random({3, 20}, 2)}, {kohya + ".lora_up.weight", up}},
                 StatusCode::kInvalidModel, {"down (3, 20) and up (16, 3)", "(16, 16) fit (3, 16) and (16, 3)", to_q_});
  expect_refused({{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", random({16, 4}, 2)}},
                 StatusCode::kInvalidModel, {"up (16, 4)"});
  expect_refused({{kohya + ".lora_down.weight", down}}, StatusCode::kInvalidModel, {"has no up"});
  expect_refused({{kohya + ".alpha", {{}, {1}}}}, StatusCode::kInvalidModel, {"has no up"});
  expect_refused(
      {{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", up}, {kohya + ".alpha", {{}, {NAN}}}},
      StatusCode::kNonFinite, {"alpha"});
  expect_refused({{kohya + ".lora_down.weight", down}, {"unet." + to_q_ + ".lora_A.weight", down}},
                 StatusCode::kInvalidModel, {"twice"});
  for (const auto& [suffix, kind] : {std::pair{".hada_w1_a", "LoHa"},
                                     {".lokr_w1", "LoKr"},
                                     {".dora_scale", "DoRA"},
                                     {".lora_magnitude_vector", "DoRA"},
                                     {".lora_mid.weight", "Tucker"},
                                     {".oft_blocks", "OFT"},
                                     {".diff_b", "a full difference"},
                                     {".modules_to_save.weight", "in place of the model's"},
                                     {".lora_B.bias", "biases"},
                                     {".lora_B.default.bias", "biases"},
                                     {".lora_embedding_A", "embedding table"},
                                     {".something", "belongs to no LoRA"}}) {
    expect_refused({{kohya + suffix, down}}, StatusCode::kUnsupported, {kind, kohya + suffix});
  }
  expect_refused({}, StatusCode::kInvalidModel, {"no tensors"});
  EXPECT_EQ(open_loras({{folder_.path("none.safetensors")}}, model_).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(open_loras({{folder_.path("some.bin")}}, model_).status().code(), StatusCode::kUnsupported);
  write(path_, {{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", up}});
  EXPECT_EQ(open_loras({{path_, NAN}}, model_).status().code(), StatusCode::kInvalidArgument);
  folder_.write("short.safetensors", folder_.read("lora.safetensors").substr(0, 91));
  EXPECT_EQ(open_loras({{folder_.path("short.safetensors")}}, model_).status().code(), StatusCode::kInvalidModel);
}

TEST_F(LoraTest, AnInfinityIsNamed) {
  Values up = random({16, 3}, 1);
  up.values[5] = INFINITY;
  const auto loras =
      open({{"unet." + to_q_ + ".lora_A.weight", random({3, 16}, 2)}, {"unet." + to_q_ + ".lora_B.weight", up}});
  ASSERT_TRUE(loras.ok());
  auto whole = FileWeights::open(model_.unet_weights());
  ChangedWeights weights(**whole, "unet", (*loras)->changes("unet"), nullptr);
  weights.get(to_q_ + ".weight", std::vector<int64_t>{16, 16});
  EXPECT_EQ(weights.status().code(), StatusCode::kNonFinite);
  EXPECT_NE(weights.status().message().find("lora.safetensors"), std::string::npos) << weights.status().message();
}

// The whole way, with and without the cache, kept and streamed: the picture of a model that was changed by hand.
TEST(LoraPictureTest, IsThatOfTheChangedModel) {
  const std::string unet_layer = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q";
  const std::string text_layer = "text_model.encoder.layers.1.mlp.fc1";
  const SmallModel model, by_hand;
  const TemporaryFolder folder;
  File lora;
  for (const auto& [file, layer, prefix] : {std::tuple{kUNetFile, unet_layer, "lora_unet_"},
                                            std::tuple{"text_encoder/model.safetensors", text_layer, "lora_te_"}}) {
    File weights = read(by_hand.path() + "/" + file);
    Values& weight = weights.at(layer + ".weight");
    const Values up = random({weight.shape[0], 4}, 1), down = random({4, weight.shape[1]}, 2);
    add_by_hand(weight, up, down, 0.8);
    write(by_hand.path() + "/" + file, weights);
    lora[prefix + replaced(layer, '.', '_') + ".lora_down.weight"] = down;
    lora[prefix + replaced(layer, '.', '_') + ".lora_up.weight"] = up;
  }
  write(folder.path("lora.safetensors"), lora);
  const auto draw = [](const std::string& path, const LoadOptions& options) {
    auto pipeline = Pipeline::load(path, options);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    const auto image = pipeline->generate("a boat", {.seed = 3});
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image->pixels;
  };
  const auto distance = [](const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
    int most = 0;
    for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(int{a[i]} - int{b[i]}));
    return most;
  };
  const std::vector<uint8_t> plain = draw(model.path(), {.threads = 1});
  const std::vector<uint8_t> truth = draw(by_hand.path(), {.threads = 1});
  EXPECT_GT(distance(plain, truth), 8);
  LoadOptions with{.threads = 1, .loras = {{folder.path("lora.safetensors"), 0.8f}}};
  const std::vector<uint8_t> found = draw(model.path(), with);
  EXPECT_LE(distance(found, truth), 1);
  // The cache keeps what has a LoRA from what has none, and from another weight of it.
  with.cache_folder = folder.path("cache");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(draw(model.path(), with), found);
    EXPECT_EQ(draw(model.path(), {.threads = 1, .cache_folder = with.cache_folder}), plain);
  }
  LoadOptions less = with;
  less.loras[0].weight = 0.1f;
  EXPECT_NE(draw(model.path(), less), found);
  with.memory = MemoryUse::kStream;
  EXPECT_EQ(draw(model.path(), with), found);
  // Nothing is loaded where it does not fit.
  lora["lora_unet_stranger.lora_down.weight"] = random({1, 1}, 1);
  write(folder.path("lora.safetensors"), lora);
  EXPECT_EQ(Pipeline::load(model.path(), with).status().code(), StatusCode::kInvalidModel);
}

}  // namespace
}  // namespace mobilediffusion::lora_test
