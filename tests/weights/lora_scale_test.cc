// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How much of a LoRA is added: alpha and rank, in the file or in PEFT's adapter_config.json beside it.
#include "tests/weights/lora_fixture.h"

namespace mobilediffusion::lora_test {
namespace {

TEST_F(LoraTest, AlphaAndWeightScale) {
  const std::string kohya = "lora_unet_" + replaced(to_q_, '.', '_');
  const Values up = random({16, 4}, 1), down = random({4, 16}, 2);
  Values expected = read(model_.unet_weights()).at(to_q_ + ".weight");
  add_by_hand(expected, up, down, -0.8 * 2 / 4);
  const auto loras = open(
      {{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", up}, {kohya + ".alpha", {{}, {2.0f}}}}, -0.8f);
  ASSERT_TRUE(loras.ok()) << loras.status().message();
  expect_close(changed(**loras, model_, to_q_ + ".weight"), expected.values, "alpha");

  const auto told = open({{"unet." + to_q_ + ".lora_A.weight", down}, {"unet." + to_q_ + ".lora_B.weight", up}}, -0.8f,
                         {{"lora_adapter_metadata", R"({"unet.lora_alpha": 2, "unet.r": 4})"}});
  ASSERT_TRUE(told.ok()) << told.status().message();
  expect_close(changed(**told, model_, to_q_ + ".weight"), expected.values, "alpha of the metadata");
}

// A scalar of any type that a script may give it.
TEST_F(LoraTest, AlphaOfAnyType) {
  const std::string kohya = "lora_unet_" + replaced(to_q_, '.', '_');
  const Values up = random({16, 4}, 1), down = random({4, 16}, 2);
  Values expected = read(model_.unet_weights()).at(to_q_ + ".weight");
  add_by_hand(expected, up, down, 2.0 / 4);
  const auto open_with = [&](const std::string& type, const std::string& bytes, std::vector<int64_t> shape) {
    const std::vector<TensorSource> tensors = {
        float32_tensor(kohya + ".lora_down.weight", down.shape, down.values),
        float32_tensor(kohya + ".lora_up.weight", up.shape, up.values),
        tensor_in_memory(kohya + ".alpha", type, std::move(shape), std::as_bytes(std::span(bytes)))};
    EXPECT_TRUE(write_safetensors(path_, tensors).ok());
    return open_loras({{path_}}, model_);
  };
  const auto bytes_of = [](auto value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
  };
  const std::pair<std::string, std::string> kinds[] = {{"F64", bytes_of(2.0)},
                                                       {"F32", bytes_of(2.0f)},
                                                       {"F16", bytes_of(uint16_t{0x4000})},
                                                       {"BF16", bytes_of(uint16_t{0x4000})},
                                                       {"I64", bytes_of(int64_t{2})},
                                                       {"U64", bytes_of(uint64_t{2})},
                                                       {"I32", bytes_of(int32_t{2})},
                                                       {"U32", bytes_of(uint32_t{2})},
                                                       {"I16", bytes_of(int16_t{2})},
                                                       {"U16", bytes_of(uint16_t{2})},
                                                       {"I8", bytes_of(int8_t{2})},
                                                       {"U8", bytes_of(uint8_t{2})}};
  for (const auto& [type, bytes] : kinds) {
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {1}, {1, 1}}) {
      const auto loras = open_with(type, bytes, shape);
      ASSERT_TRUE(loras.ok()) << type << ": " << loras.status().message();
      expect_close(changed(**loras, model_, to_q_ + ".weight"), expected.values, type);
    }
    const auto two = open_with(type, bytes + bytes, {2});
    EXPECT_EQ(two.status().code(), StatusCode::kInvalidModel) << type;
    EXPECT_NE(two.status().message().find(".alpha must be one number"), std::string::npos) << two.status().message();
  }
  EXPECT_EQ(open_with("BOOL", "\1", {}).status().code(), StatusCode::kInvalidModel);
  EXPECT_EQ(open_with("I64", bytes_of(int64_t{1} << 40), {}).status().code(), StatusCode::kInvalidModel);
  EXPECT_EQ(open_with("F64", bytes_of(double{INFINITY}), {}).status().code(), StatusCode::kNonFinite);
}

// adapter_config.json beside the file, by PEFT's arithmetic.
TEST_F(LoraTest, AdapterConfigScales) {
  const Values up = random({16, 4}, 1), down = random({4, 16}, 2);
  const std::string name = to_q_ + ".weight";
  const Values plain = read(model_.unet_weights()).at(name);
  const File peft = {{"base_model.model." + to_q_ + ".lora_A.weight", down},
                     {"base_model.model." + to_q_ + ".lora_B.weight", up}};
  for (
      const auto& [config, scale] : {
          std::pair{R"({"lora_alpha": 2, "r": 4})", 0.5},
          {R"({"peft_type": "LORA", "lora_alpha": 2.0, "r": 4, "bias": "none", "use_dora": false, "modules_to_save": null,
                "rank_pattern": {}, "alpha_pattern": {}, "init_lora_weights": true, "fan_in_fan_out": false,
                "target_modules": ["to_q"], "lora_dropout": 0.1, "layer_replication": null, "loftq_config": {}})",
           0.5},
          {R"({})", 8.0 / 4},
          {R"({"lora_alpha": 3, "r": 4, "use_rslora": true})", 3.0 / 2},
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"to_q": 6}})", 6.0 / 4},
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"to_k": 6}})", 0.5},
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"attn1.to_q": 6, "to_q": 7}})", 6.0 / 4},
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"to_q": 7, "attn1.to_q": 6}})", 7.0 / 4},  // the first counts
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"down_blocks\\.[0-1]\\..*attn1.to_[qk]": 6}})", 6.0 / 4},
          {R"({"lora_alpha": 2, "r": 4, "alpha_pattern": {"^to_q": 6}})", 0.5},
          {R"({"lora_alpha": 2, "r": 16, "rank_pattern": {"to_q": 4}})", 0.5},
          {R"({"lora_alpha": 2, "r": 16, "rank_pattern": {"to_q": 4}, "alpha_pattern": {".*to_q": 5}, "use_rslora": true})",
           5.0 / 2},
      }) {
    folder_.write("adapter_config.json", config);
    const auto loras = open(peft);
    ASSERT_TRUE(loras.ok()) << config << ": " << loras.status().message();
    Values expected = plain;
    add_by_hand(expected, up, down, scale);
    expect_close(changed(**loras, model_, name), expected.values, config);
  }
  // Another file beside the same tensors is another LoRA to the cache.
  folder_.write("adapter_config.json", R"({"lora_alpha": 2, "r": 4})");
  const auto one = open(peft);
  folder_.write("adapter_config.json", R"({"lora_alpha": 3, "r": 4})");
  EXPECT_NE((*one)->identity("unet"), (*open(peft))->identity("unet"));
  // What says its own alpha is not PEFT's.
  const std::string kohya = "lora_unet_" + replaced(to_q_, '.', '_');
  for (const auto& [file, scale, metadata] :
       {std::tuple{File{{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", up}}, 1.0,
                   Safetensors::Metadata{}},
        {File{{"unet." + to_q_ + ".lora_A.weight", down}, {"unet." + to_q_ + ".lora_B.weight", up}}, 6.0 / 4,
         Safetensors::Metadata{{"lora_adapter_metadata",
                                R"({"unet.lora_alpha": 1, "unet.r": 4, "unet.alpha_pattern": {"attn1.to_q": 6}})"}}}}) {
    const auto loras = open(file, 1.0f, metadata);
    ASSERT_TRUE(loras.ok()) << loras.status().message();
    Values expected = plain;
    add_by_hand(expected, up, down, scale);
    expect_close(changed(**loras, model_, name), expected.values, "its own");
  }
}

TEST_F(LoraTest, WhatAnAdapterConfigAsksForBesidesIsRefused) {
  const File peft = {{"base_model.model." + to_q_ + ".lora_A.weight", random({4, 16}, 2)},
                     {"base_model.model." + to_q_ + ".lora_B.weight", random({16, 4}, 1)}};
  for (const auto& [config, code, saying] : {
           std::tuple{R"({"use_dora": true})", StatusCode::kUnsupported, "use_dora"},
           {R"({"use_qalora": true})", StatusCode::kUnsupported, "use_qalora"},
           {R"({"use_anything_new": true})", StatusCode::kUnsupported, "use_anything_new"},
           {R"({"bias": "lora_only"})", StatusCode::kUnsupported, "\"bias\": \"lora_only\""},
           {R"({"lora_bias": true})", StatusCode::kUnsupported, "lora_bias"},
           {R"({"modules_to_save": ["conv_in"]})", StatusCode::kUnsupported, "modules_to_save"},
           {R"({"layer_replication": [[0, 1]]})", StatusCode::kUnsupported, "layer_replication"},
           {R"({"trainable_token_indices": [1]})", StatusCode::kUnsupported, "trainable_token_indices"},
           {R"({"peft_type": "LOHA"})", StatusCode::kUnsupported, "LOHA"},
           {R"({"init_lora_weights": "pissa_niter_4"})", StatusCode::kUnsupported, "pissa_niter_4"},
           {R"x({"alpha_pattern": {"(?=x)": 1}})x", StatusCode::kUnsupported, "(?=x)"},
           {R"({"alpha_pattern": {"x": "1"}})", StatusCode::kInvalidModel, "alpha_pattern"},
           {R"({"alpha_pattern": [1]})", StatusCode::kInvalidModel, "alpha_pattern"},
           {R"({"lora_alpha": "2"})", StatusCode::kInvalidModel, "lora_alpha"},
           {R"({"r": 8})", StatusCode::kInvalidModel, "says that the rank of down_blocks.0.attentions.0"},
           {R"({"r": 4, "rank_pattern": {"to_q": 2}})", StatusCode::kInvalidModel, "is 2.0; its tensors have 4"},
           {"[]", StatusCode::kInvalidModel, "object"},
           {"{", StatusCode::kInvalidModel, "JSON"},
       }) {
    folder_.write("adapter_config.json", config);
    const auto loras = open(peft);
    EXPECT_EQ(loras.status().code(), code) << config;
    EXPECT_NE(loras.status().message().find(saying), std::string::npos) << loras.status().message();
    EXPECT_NE(loras.status().message().find("adapter_config.json"), std::string::npos) << loras.status().message();
  }
}

TEST_F(LoraTest, AFolderNamesItsFile) {
  const File file = {{"unet." + to_q_ + ".lora_A.weight", random({3, 16}, 2)},
                     {"unet." + to_q_ + ".lora_B.weight", random({16, 3}, 1)}};
  const auto folder = [&](const std::string& name, const std::vector<std::string>& leaves) {
    std::filesystem::create_directory(folder_.path(name));
    for (const std::string& leaf : leaves) {
      if (leaf.ends_with(".safetensors") && !leaf.starts_with("other")) {
        write(folder_.path(name + "/" + leaf), file);
      } else {
        folder_.write(name + "/" + leaf, "nothing that is read");
      }
    }
    return open_loras({{folder_.path(name)}}, model_).status();
  };
  EXPECT_TRUE(folder("peft", {"adapter_model.safetensors", "other.safetensors", "README.md"}).ok());
  EXPECT_TRUE(folder("diffusers", {"pytorch_lora_weights.safetensors", "other.safetensors"}).ok());
  EXPECT_TRUE(folder("both", {"adapter_model.safetensors", "other_lora.safetensors"}).ok());
  EXPECT_TRUE(folder("one", {"paint.safetensors", "README.md"}).ok());
  EXPECT_TRUE(open_loras({{folder_.path("one") + "/"}}, model_).ok());
  const Status several = folder("several", {"a.safetensors", "b.safetensors"});
  EXPECT_EQ(several.code(), StatusCode::kNotFound);
  for (const char* words : {"several", "neither adapter_model.safetensors nor", "a.safetensors, b.safetensors"})
    EXPECT_NE(several.message().find(words), std::string::npos) << several.message();
  EXPECT_EQ(folder("empty", {}).code(), StatusCode::kNotFound);
  const Status pickle = folder("pickle", {"adapter_model.bin", "adapter_config.json"});
  EXPECT_EQ(pickle.code(), StatusCode::kUnsupported);
  EXPECT_NE(pickle.message().find("adapter_model.bin is a pickle"), std::string::npos) << pickle.message();
}

}  // namespace
}  // namespace mobilediffusion::lora_test
