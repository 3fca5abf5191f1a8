// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// LoRAs: what is added to which weight, by all names that files give it, and that a picture from a model with one is
// the picture of the model whose weights were changed by hand.
#include "src/weights/lora.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/network_slot.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/sampling/noise.h"
#include "src/weights/file_weights.h"
#include "src/weights/int8_weights.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

constexpr const char* kUNetFile = "unet/diffusion_pytorch_model.safetensors";

struct Values {
  std::vector<int64_t> shape;
  std::vector<float> values;
};
using File = std::map<std::string, Values>;

Values random(std::vector<int64_t> shape, uint64_t seed, float scale = 0.2f) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  Values made{std::move(shape), std::vector<float>(static_cast<size_t>(count))};
  fill_normal(seed, 0, 0, made.values);
  for (float& value : made.values) value *= scale;
  return made;
}

void write(const std::string& path, const File& file, const Safetensors::Metadata& metadata = {}) {
  std::vector<TensorSource> tensors;
  for (const auto& [name, tensor] : file) tensors.push_back(float32_tensor(name, tensor.shape, tensor.values));
  const Status status = write_safetensors(path, tensors, metadata);
  ASSERT_TRUE(status.ok()) << status.message();
}

File read(const SourcePath& path) {
  const auto mapped = path.open();
  const auto tensors = Safetensors::parse(mapped->bytes(), path.string());
  File file;
  for (const auto& [name, entry] : tensors->entries())
    file[name] = {entry.shape, *Safetensors::to_float32(name, entry)};
  return file;
}

// The definition: (out, in * kernel * kernel) += scale * up * down.
void add_by_hand(Values& weight, const Values& up, const Values& down, double scale) {
  const size_t rows = static_cast<size_t>(weight.shape[0]), rank = static_cast<size_t>(down.shape[0]);
  const size_t columns = weight.values.size() / rows;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (size_t r = 0; r < rank; ++r) sum += double{up.values[i * rank + r]} * down.values[r * columns + j];
      weight.values[i * columns + j] += static_cast<float>(scale * sum);
    }
  }
}

std::string replaced(std::string text, char from, char to) {
  for (char& c : text) c = c == from ? to : c;
  return text;
}

ModelFolder golden(const std::string& name) {
  auto model = open_model_folder(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/goldens/" + name);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *model;
}

// As the loader opens them.
Result<std::shared_ptr<const Loras>> open_loras(const std::vector<Lora>& wanted, const ModelFolder& model) {
  const NetworkSlot<TextEncoder, TextEncoderConfig> text_encoder("text_encoder", model.text_encoder_weights(),
                                                                 model.text_encoder);
  const NetworkSlot<UNet, UNetConfig> unet("unet", model.unet_weights(), model.unet);
  return Loras::open(wanted, {{"text_encoder", *text_encoder.tensors()}, {"unet", *unet.tensors()}},
                     model.path.string());
}

// A weight of the golden model with a LoRA on it, as the network would get it.
class LoraTest : public testing::Test {
 protected:
  struct Family {
    const char* description;
    std::string down, up;  // the whole names
  };

  // By every name there is, but kohya's alpha.
  static std::vector<Family> families(const std::string& layer) {
    const std::string kohya = "lora_unet_" + replaced(layer, '.', '_');
    std::vector<Family> all = {
        {"kohya", kohya + ".lora_down.weight", kohya + ".lora_up.weight"},
        {"peft", "unet." + layer + ".lora_A.weight", "unet." + layer + ".lora_B.weight"},
        {"peft without the network", layer + ".lora_A.weight", layer + ".lora_B.weight"},
        {"peft itself", "base_model.model." + layer + ".lora_A.default.weight",
         "base_model.model." + layer + ".lora_B.default.weight"},
        {"peft's second adapter", "base_model.model." + layer + ".lora_A.default_0.weight",
         "base_model.model." + layer + ".lora_B.default_0.weight"},
        {"peft within diffusers", "unet.base_model.model." + layer + ".lora_A.weight",
         "unet.base_model.model." + layer + ".lora_B.weight"},
        {"peft of kohya's names", "base_model.model." + kohya + ".lora_A.weight",
         "base_model.model." + kohya + ".lora_B.weight"},
        {"others' prefix", "diffusion_model." + layer + ".lora_A.weight",
         "diffusion_model." + layer + ".lora_B.weight"},
        {"diffusers", "unet." + layer + ".lora.down.weight", "unet." + layer + ".lora.up.weight"},
    };
    const size_t dot = layer.find(".to_q");
    if (dot != std::string::npos) {
      const std::string old = "unet." + layer.substr(0, dot) + ".processor." + layer.substr(dot + 1) + "_lora.";
      all.push_back({"diffusers' first", old + "down.weight", old + "up.weight"});
    }
    return all;
  }

  Result<std::shared_ptr<const Loras>> open(const File& file, float weight = 1.0f,
                                            const Safetensors::Metadata& metadata = {}) {
    write(path_, file, metadata);
    return open_loras({{path_, weight}}, model_);
  }

  // What the UNet gets under a name.
  static std::vector<float> changed(const Loras& loras, const ModelFolder& model, const std::string& name) {
    auto whole = FileWeights::open(model.unet_weights());
    ChangedWeights weights(**whole, "unet", loras.changes("unet"), nullptr);
    const std::vector<int64_t> shape = read(model.unet_weights()).at(name).shape;
    const kernels::WeightView view = weights.get(name, shape);
    Status status;
    std::vector<float> values = kernels::to_float32(view, name, status);
    EXPECT_TRUE(status.ok() && weights.status().ok()) << status.message() << weights.status().message();
    weights.release(view);
    return values;
  }

  static void expect_close(const std::vector<float>& found, const std::vector<float>& expected,
                           const std::string& what) {
    ASSERT_EQ(found.size(), expected.size());
    float error = 0;
    for (size_t i = 0; i < found.size(); ++i) error = std::max(error, std::abs(found[i] - expected[i]));
    EXPECT_LE(error, 1e-5f) << what;
  }

  void expect_refused(const File& file, StatusCode code, const std::vector<std::string>& saying) {
    const auto loras = open(file);
    EXPECT_EQ(loras.status().code(), code) << loras.status().message();
    for (const std::string& words : saying)
      EXPECT_NE(loras.status().message().find(words), std::string::npos) << loras.status().message();
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.path("lora.safetensors");
  const ModelFolder model_ = golden("diffusers-kl");
  const std::string to_q_ = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
};

TEST_F(LoraTest, LinearsByEveryName) {
  Values expected = read(model_.unet_weights()).at(to_q_ + ".weight");
  const Values up = random({16, 3}, 1), down = random({3, 16}, 2);
  add_by_hand(expected, up, down, 0.5);
  for (const Family& family : families(to_q_)) {
    const auto loras = open({{family.down, down}, {family.up, up}}, 0.5f);
    ASSERT_TRUE(loras.ok()) << family.description << ": " << loras.status().message();
    expect_close(changed(**loras, model_, to_q_ + ".weight"), expected.values, family.description);
    EXPECT_FALSE((*loras)->identity("unet").empty());
    EXPECT_TRUE((*loras)->identity("text_encoder").empty());
  }
}

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

// The names of the original code, whose numbers run through all levels: Stable Diffusion 1's, by hand.
TEST_F(LoraTest, OriginalNames) {
  for (const auto& [theirs, ours] : {
           std::pair{"input_blocks.0.0", "conv_in"},
           {"input_blocks.1.0.in_layers.2", "down_blocks.0.resnets.0.conv1"},
           {"input_blocks.1.1.transformer_blocks.0.attn1.to_q",
            "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"},
           {"input_blocks.2.1.proj_in", "down_blocks.0.attentions.1.proj_in"},
           {"input_blocks.3.0.op", "down_blocks.0.downsamplers.0.conv"},
           {"input_blocks.4.0.skip_connection", "down_blocks.1.resnets.0.conv_shortcut"},
           {"input_blocks.5.0.emb_layers.1", "down_blocks.1.resnets.1.time_emb_proj"},
           {"input_blocks.6.0.op", "down_blocks.1.downsamplers.0.conv"},
           {"input_blocks.8.1.transformer_blocks.0.ff.net.0.proj",
            "down_blocks.2.attentions.1.transformer_blocks.0.ff.net.0.proj"},
           {"input_blocks.9.0.op", "down_blocks.2.downsamplers.0.conv"},
           {"input_blocks.11.0.out_layers.3", "down_blocks.3.resnets.1.conv2"},
           {"middle_block.0.in_layers.2", "mid_block.resnets.0.conv1"},
           {"middle_block.1.transformer_blocks.0.attn2.to_out.0",
            "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0"},
           {"middle_block.2.out_layers.3", "mid_block.resnets.1.conv2"},
           {"output_blocks.0.0.in_layers.2", "up_blocks.0.resnets.0.conv1"},
           {"output_blocks.2.1.conv", "up_blocks.0.upsamplers.0.conv"},
           {"output_blocks.3.1.proj_out", "up_blocks.1.attentions.0.proj_out"},
           {"output_blocks.5.2.conv", "up_blocks.1.upsamplers.0.conv"},
           {"output_blocks.8.2.conv", "up_blocks.2.upsamplers.0.conv"},
           {"output_blocks.11.1.transformer_blocks.0.attn2.to_v",
            "up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_v"},
           {"time_embed.0", "time_embedding.linear_1"},
           {"time_embed.2", "time_embedding.linear_2"},
           {"out.2", "conv_out"},
       }) {
    const std::string name = std::string(ours) + ".weight";
    Values expected = read(model_.unet_weights()).at(name);
    std::vector<int64_t> down_shape = expected.shape;
    down_shape[0] = 2;
    const Values up = random({expected.shape[0], 2}, 1), down = random(down_shape, 2);
    add_by_hand(expected, up, down, 1);
    const std::string flat = "lora_unet_" + replaced(theirs, '.', '_'),
                      dotted = std::string("model.diffusion_model.") + theirs;
    for (const File& file : {File{{flat + ".lora_down.weight", down}, {flat + ".lora_up.weight", up}},
                             File{{dotted + ".lora_A.weight", down}, {dotted + ".lora_B.weight", up}}}) {
      const auto loras = open(file);
      ASSERT_TRUE(loras.ok()) << theirs << ": " << loras.status().message();
      expect_close(changed(**loras, model_, name), expected.values, theirs);
    }
  }
}

// Text encoders by all names that their layers have, in models with "text_model." in front of their tensors and
// without.
TEST_F(LoraTest, TextEncodersByEveryName) {
  const std::string fc1 = "encoder.layers.1.mlp.fc1", q_proj = "encoder.layers.0.self_attn.q_proj",
                    out_proj = "encoder.layers.1.self_attn.out_proj";
  ModelFolder newer = model_;
  newer.path = folder_.path("newer");
  std::filesystem::create_directories(newer.path.name() + "/text_encoder");
  std::filesystem::create_directories(newer.path.name() + "/unet");
  std::filesystem::copy_file(model_.unet_weights().name(), newer.unet_weights().name());
  File renamed;
  for (auto& [name, tensor] : read(model_.text_encoder_weights())) {
    ASSERT_TRUE(name.starts_with("text_model."));
    renamed[name.substr(11)] = std::move(tensor);
  }
  write(newer.text_encoder_weights().name(), renamed);

  for (const auto& [layer, name] : {
           std::pair{"lora_te_text_model_encoder_layers_1_mlp_fc1", fc1},
           {"lora_te_encoder_layers_1_mlp_fc1", fc1},
           {"lora_te1_encoder_layers_1_mlp_fc1", fc1},
           {"base_model.model.text_model.encoder.layers.1.mlp.fc1", fc1},
           {"base_model.model.encoder.layers.1.mlp.fc1", fc1},
           {"text_encoder.text_model.encoder.layers.1.mlp.fc1", fc1},
           {"text_encoder.encoder.layers.1.mlp.fc1", fc1},
           {"text_encoder.base_model.model.encoder.layers.1.mlp.fc1", fc1},
           {"text_model.encoder.layers.1.mlp.fc1", fc1},
           {"encoder.layers.1.mlp.fc1", fc1},
           {"cond_stage_model.transformer.text_model.encoder.layers.1.mlp.fc1", fc1},
           {"cond_stage_model.model.transformer.resblocks.1.mlp.c_fc", fc1},
           {"cond_stage_model.model.transformer.resblocks.1.attn.out_proj", out_proj},
           {"text_encoder.text_model.encoder.layers.0.self_attn.to_q", q_proj},
           {"text_encoder.encoder.layers.1.self_attn.to_out", out_proj},
       }) {
    for (const auto& [model, prefix] : {std::pair<ModelFolder, std::string>{model_, "text_model."}, {newer, ""}}) {
      const std::string tensor = prefix + name + ".weight";
      const std::vector<int64_t> shape = read(model.text_encoder_weights()).at(tensor).shape;
      const Values up = random({shape[0], 2}, 1), down = random({2, shape[1]}, 2);
      for (const auto& [down_name, up_name] : {std::pair{".lora_A.weight", ".lora_B.weight"},
                                               {".lora_down.weight", ".lora_up.weight"},
                                               {".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"},
                                               {"_lora.down.weight", "_lora.up.weight"}}) {
        write(path_, {{std::string(layer) + down_name, down}, {std::string(layer) + up_name, up}});
        const auto loras = open_loras({{path_}}, model);
        ASSERT_TRUE(loras.ok()) << layer << ": " << loras.status().message();
        EXPECT_TRUE((*loras)->changes("unet").empty()) << layer;
        EXPECT_EQ((*loras)->changes("text_encoder").count(tensor), 1u) << layer << down_name;
        EXPECT_EQ((*loras)->changes("text_encoder").size(), 1u) << layer;
      }
    }
  }
}

TEST_F(LoraTest, ConvolutionsAndProjectionsThatAreStoredAsSuch) {
  for (const auto& [layer, up, down] :
       {std::tuple{"down_blocks.1.resnets.0.conv1", random({32, 2, 1, 1}, 1), random({2, 16, 3, 3}, 2)},
        std::tuple{"down_blocks.1.attentions.0.proj_in", random({32, 2, 1, 1}, 3), random({2, 32, 1, 1}, 4)},
        std::tuple{"down_blocks.1.attentions.0.proj_out", random({32, 2}, 5), random({2, 32}, 6)},
        std::tuple{"down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0", random({32, 1, 1, 1}, 7),
                   random({1, 32, 1, 1}, 8)}}) {
    Values expected = read(model_.unet_weights()).at(std::string(layer) + ".weight");
    add_by_hand(expected, up, down, 1);
    const std::string kohya = "lora_unet_" + replaced(layer, '.', '_');
    const auto loras = open({{kohya + ".lora_down.weight", down}, {kohya + ".lora_up.weight", up}});
    ASSERT_TRUE(loras.ok()) << loras.status().message();
    expect_close(changed(**loras, model_, std::string(layer) + ".weight"), expected.values, layer);
  }
}

TEST_F(LoraTest, OurOwnUNetToo) {
  const ModelFolder base = golden("base");
  const File weights = read(base.unet_weights());
  for (const std::string& name : {std::string("mid_block.attentions.0.transformer_blocks.0.attn2.to_kv"),
                                  std::string("mid_block.attentions.0.transformer_blocks.0.ff.proj"),
                                  std::string("down_blocks.1.resnets.0.conv1.depthwise")}) {
    Values expected = weights.at(name + ".weight");
    std::vector<int64_t> down_shape = expected.shape;
    down_shape[0] = 2;
    const Values up = random({expected.shape[0], 2}, 1), down = random(down_shape, 2);
    add_by_hand(expected, up, down, 1);
    for (const Family& family : families(name)) {
      write(path_, {{family.down, down}, {family.up, up}});
      const auto loras = open_loras({{path_}}, base);
      ASSERT_TRUE(loras.ok()) << loras.status().message();
      expect_close(changed(**loras, base, name + ".weight"), expected.values, family.description);
    }
  }
}

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
  ASSERT_TRUE(write_int8_weights(model_.unet_weights(), quantized.unet_weights().name(), manifest.entries()).ok());
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
}  // namespace mobilediffusion
