// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/config.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

using nlohmann::json;

const json kText = {{"_class_name", "CLIPTextModel"}, {"vocab_size", 49408},       {"hidden_size", 768},
                    {"num_hidden_layers", 12},        {"num_attention_heads", 12}, {"intermediate_size", 3072},
                    {"max_position_embeddings", 77}};
const json kUNet = {{"_class_name", "MobileDiffusionUNet"},
                    {"in_channels", 8},
                    {"out_channels", 8},
                    {"block_out_channels", {320, 640, 1024}},
                    {"resnets_per_block", {2, 2, 1}},
                    {"transformer_layers_per_block", {0, 2, 4}},
                    {"self_attention", {false, false, true}},
                    {"separable", {false, true, true}},
                    {"downsample", {true, true}},
                    {"mid_transformer_layers", 4},
                    {"mid_separable", true},
                    {"cross_attention_dim", 768},
                    {"attention_head_dim", 64},
                    {"feed_forward_ratio", 6},
                    {"norm_num_groups", 32},
                    {"sample_size", 64}};
const json kDecoder = {
    {"_class_name", "AutoencoderKL"}, {"latent_channels", 8}, {"block_out_channels", {64, 128, 256, 256}}};
const json kScheduler = {{"_class_name", "DiffusionGANScheduler"}};

std::string message_of(const std::string& part, const std::string& text) {
  const auto status = [&]() -> Status {
    if (part == "text") return parse_text_encoder_config(text, "config.json").status();
    if (part == "unet") return parse_unet_config(text, "config.json").status();
    if (part == "decoder") return parse_decoder_config(text, "config.json").status();
    return parse_scheduler_config(text, "config.json").status();
  }();
  return status.ok() ? "" : std::string(to_string(status.code())) + ": " + status.message();
}

const json& good(const std::string& part) {
  return part == "text" ? kText : part == "unet" ? kUNet : part == "decoder" ? kDecoder : kScheduler;
}

TEST(ConfigTest, SizesThatAModelWasMadeFor) {
  using Sizes = std::vector<LatentSize>;
  const auto sizes_of = [](const json& value) {
    json config = kUNet;
    if (!value.is_null()) config["sample_sizes"] = value;
    const auto unet = parse_unet_config(config.dump(), "config.json");
    return unet.ok() ? unet->sample_sizes : Sizes();
  };
  EXPECT_EQ(sizes_of(nullptr), (Sizes{{64, 64}}));
  EXPECT_EQ(sizes_of({64, 128, {96, 64}}), (Sizes{{64, 64}, {128, 128}, {96, 64}}));
  EXPECT_EQ(sizes_of({128}), (Sizes{{64, 64}, {128, 128}}));
  for (const json& wrong : {json(64), json::array(), json{66}, json{0}, json{-4}, json{"64"}, json{64.5}, json{1 << 20},
                            json::array({{64, 64, 64}}), json::array({{64, 2}}), json(std::vector<int>(65, 64))}) {
    json config = kUNet;
    config["sample_sizes"] = wrong;
    EXPECT_NE(message_of("unet", config.dump()).find("\"sample_sizes\""), std::string::npos) << wrong;
  }
}

TEST(ConfigTest, DefaultsAreTheFormats) {
  const auto text = parse_text_encoder_config(kText.dump(), "config.json");
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(text->hidden_act, HiddenActivation::kQuickGelu);
  EXPECT_EQ(text->bos_token_id, 49406);
  EXPECT_EQ(text->eos_token_id, 49407);
  EXPECT_EQ(text->pad_token_id, 49407);
  const auto unet = parse_unet_config(kUNet.dump(), "config.json");
  ASSERT_TRUE(unet.ok()) << unet.status().message();
  EXPECT_EQ(unet->levels.size(), 3u);
  EXPECT_EQ(unet->latent_multiple(), 4);
  EXPECT_FALSE(unet->levels[2].downsample);
  const auto decoder = parse_decoder_config(kDecoder.dump(), "config.json");
  ASSERT_TRUE(decoder.ok());
  EXPECT_EQ(decoder->upscale(), 8);
  EXPECT_TRUE(std::get<KlDecoderConfig>(decoder->network).mid_block_add_attention);
  EXPECT_FLOAT_EQ(decoder->scaling_factor, 0.18215f);
  const auto scheduler = parse_scheduler_config(kScheduler.dump(), "config.json");
  ASSERT_TRUE(scheduler.ok());
  EXPECT_EQ(scheduler->timesteps, std::vector<int>{999});
  EXPECT_EQ(scheduler->prediction_type, PredictionType::kEpsilon);
}

TEST(ConfigTest, UnknownKeysAreIgnored) {
  json unet = kUNet;
  unet["_diffusers_version"] = "0.31";
  EXPECT_EQ(message_of("unet", unet.dump()), "");
}

// A required key that is missing is named.
TEST(ConfigTest, MissingKeysAreNamed) {
  for (const char* part : {"text", "unet", "decoder"}) {
    const json whole = good(part);
    for (const auto& [key, value] : whole.items()) {
      if (key == "_class_name") continue;
      json without = good(part);
      without.erase(key);
      const std::string message = message_of(part, without.dump());
      EXPECT_NE(message.find("config.json lacks the key \"" + key + "\""), std::string::npos)
          << part << " " << key << ": " << message;
    }
  }
}

// Whatever stands where another thing is expected: refused with the key, never taken and never a crash.
TEST(ConfigTest, WrongTypesAreNamed) {
  const std::vector<json> wrongs = {
      "nine", json::object(), json::array({json::array()}), -1e300, 1.5, json::array({-1, 1e18, "x"})};
  for (const char* part : {"text", "unet", "decoder"}) {
    const json whole = good(part);
    for (const auto& [key, value] : whole.items()) {
      if (key == "_class_name") continue;
      for (const json& wrong : wrongs) {
        json changed = good(part);
        changed[key] = wrong;
        const std::string message = message_of(part, changed.dump());
        EXPECT_NE(message.find(key), std::string::npos) << part << " " << key << " " << wrong << ": " << message;
      }
    }
  }
}

// The whole sentence: file, key, what was expected, what was found.
TEST(ConfigTest, EveryMessageSaysFileKeyExpectedAndFound) {
  const std::map<std::string, std::vector<std::string>> optional = {
      {"text", {"layer_norm_eps", "bos_token_id", "eos_token_id", "pad_token_id", "hidden_act"}},
      {"unet", {"attention_kind"}},
      {"decoder",
       {"out_channels", "layers_per_block", "norm_num_groups", "mid_block_add_attention", "use_post_quant_conv",
        "scaling_factor"}},
      {"scheduler",
       {"num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "rescale_betas_zero_snr", "prediction_type",
        "timesteps"}}};
  for (const auto& [part, more] : optional) {
    std::vector<std::string> keys = more;
    for (const auto& [key, value] : good(part).items()) keys.push_back(key);
    for (const std::string& key : keys) {
      json changed = good(part);
      changed[key] = {{"odd", "value"}};  // right for none
      const std::string message = message_of(part, changed.dump());
      EXPECT_TRUE(message.starts_with("invalid model: config.json has a wrong \"" + key + "\": expected ")) << message;
      EXPECT_TRUE(message.ends_with(R"(, found {"odd":"value"})")) << message;
    }
  }
}

// Counts that multiply: what could never be built is refused before the attempt.
TEST(ConfigTest, MoreBlocksThanAnyModelAreRefused) {
  json unet = kUNet;
  unet["resnets_per_block"] = {1024, 1024, 1024};
  unet["transformer_layers_per_block"] = {1024, 1024, 1024};
  const std::string message = message_of("unet", unet.dump());
  EXPECT_NE(message.find("config.json asks for 3148804 blocks"), std::string::npos) << message;
  EXPECT_NE(message.find("resnets_per_block"), std::string::npos) << message;
}

TEST(ConfigTest, HostileNamesDoNoHarmInMessages) {
  for (const auto& [part, key] :
       {std::pair{"text", "hidden_act"}, std::pair{"text", "_class_name"}, std::pair{"scheduler", "prediction_type"}}) {
    json changed = good(part);
    changed[key] = "red\x1b[31m\n" + std::string(100000, 'x');
    const std::string message = message_of(part, changed.dump());
    EXPECT_NE(message.find("red?[31m?xxx"), std::string::npos) << message.substr(0, 300);
    EXPECT_LT(message.size(), 300u);
  }
}

// Changes one key of a good configuration.
class WrongValueTest : public testing::TestWithParam<std::tuple<const char*, const char*, json, const char*>> {};

TEST_P(WrongValueTest, IsRefusedByName) {
  const auto& [part, key, value, saying] = GetParam();
  json changed = good(part);
  changed[key] = value;
  const std::string message = message_of(part, changed.dump());
  EXPECT_NE(message.find(saying), std::string::npos) << message;
  EXPECT_NE(message.find("config.json"), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Values, WrongValueTest,
    testing::Values(std::tuple("text", "_class_name", json("T5EncoderModel"),
                               "unsupported: config.json is of the class T5EncoderModel"),
                    std::tuple("text", "hidden_act", json("relu6"), "\"relu6\"; supported: quick_gelu, gelu"),
                    std::tuple("text", "vocab_size", json(0), "expected an integer from 1"),
                    std::tuple("text", "hidden_size", json(770), "num_attention_heads 12 does not divide"),
                    std::tuple("text", "eos_token_id", json(49408), "eos_token_id"),
                    std::tuple("text", "max_position_embeddings", json(1), "max_position_embeddings"),
                    std::tuple("unet", "_class_name", json("UNet3DConditionModel"), "supported: MobileDiffusionUNet"),
                    std::tuple("unet", "attention_kind", json("linear"), "\"linear\"; supported: softmax, relu"),
                    std::tuple("unet", "block_out_channels", json::array(), "a list of 1 to"),
                    std::tuple("unet", "block_out_channels", json({320, 640}), "resnets_per_block"),
                    std::tuple("unet", "block_out_channels", json({320, 640, 1023}), "does not divide"),
                    std::tuple("unet", "norm_num_groups", json(33), "norm_num_groups 33 does not divide"),
                    std::tuple("unet", "attention_head_dim", json(100), "attention_head_dim 100 does not divide"),
                    std::tuple("unet", "downsample", json({true}), "a list of 2 entries"),
                    std::tuple("unet", "separable", json({1, 0, 1}), "true or false"),
                    std::tuple("unet", "sample_size", json(66), "sample_size 66"),
                    std::tuple("unet", "in_channels", json(99999999999LL), "99999999999"),
                    std::tuple("decoder", "block_out_channels", json({64, 65}), "does not divide"),
                    std::tuple("decoder", "out_channels", json(4), "out_channels"),
                    std::tuple("decoder", "scaling_factor", json(0), "scaling_factor"),
                    std::tuple("scheduler", "prediction_type", json("flow"),
                               "supported: epsilon, v_prediction, sample"),
                    std::tuple("scheduler", "beta_schedule", json("cosine"), "supported: linear, scaled_linear, squaredcos_cap_v2"),
                    std::tuple("scheduler", "timesteps", json({1000}), "0 to 999"),
                    std::tuple("scheduler", "timesteps", json({499, 999}), "do not descend"),
                    std::tuple("scheduler", "timesteps", json({999, 999}), "do not descend"),
                    std::tuple("scheduler", "rescale_betas_zero_snr", json(true), "no signal at timestep 999")));

TEST(JsonReaderTest, WhatIsNoObject) {
  for (const char* text : {"", "{", "{\"a\":1,}", "nul", "{\"a\":\"\xff\"}", "\x00\x01", "{'a':1}"}) {
    EXPECT_NE(message_of("text", text).find("is not valid JSON"), std::string::npos) << text;
  }
  EXPECT_NE(message_of("text", "[1, 2]").find("must hold a JSON object, but holds [1,2]"), std::string::npos);
  EXPECT_NE(message_of("text", "12").find("must hold a JSON object"), std::string::npos);
}

TEST(JsonReaderTest, NestingWithoutEndIsRefused) {
  for (const size_t depth : {100u, 1'000'000u}) {
    EXPECT_NE(message_of("text", std::string(depth, '[') + std::string(depth, ']')).find("nested"), std::string::npos);
    EXPECT_NE(message_of("text", "{\"vocab_size\":" + std::string(depth, '[')).find("nested"), std::string::npos);
  }
}

TEST(JsonReaderTest, LongValuesAreCutInMessages) {
  json text = kText;
  text["hidden_size"] = std::string(100000, 'x');
  EXPECT_LT(message_of("text", text.dump()).size(), 300u);
}

}  // namespace
}  // namespace mobilediffusion
