// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Configurations as the diffusers library writes them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "src/model/config.h"

namespace mobilediffusion {
namespace {

using nlohmann::json;

const json kUNet = {{"_class_name", "UNet2DConditionModel"},
                    {"block_out_channels", {32, 64, 64}},
                    {"down_block_types", {"DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"}},
                    {"up_block_types", {"CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"}},
                    {"mid_block_type", nullptr},
                    {"layers_per_block", {1, 2, 3}},
                    {"transformer_layers_per_block", {1, 2, 4}},
                    {"attention_head_dim", {1, 4, 8}},
                    {"cross_attention_dim", 48},
                    {"norm_num_groups", 8}};

json with(json object, const std::string& key, const json& value) {
  object[key] = value;
  return object;
}

UNetConfig unet(const json& object) {
  auto config = parse_unet_config(object.dump(), "config.json");
  EXPECT_TRUE(config.ok()) << config.status().message();
  return config.ok() ? *config : UNetConfig();
}

TEST(DiffusersConfigTest, TheWayUpHasOneResnetMoreAndItsOwnBlocks) {
  const UNetConfig config = unet(kUNet);
  ASSERT_EQ(config.levels.size(), 3u);
  EXPECT_FALSE(config.middle);
  for (int i = 0; i < 3; ++i) {
    const UNetLevel& level = config.levels[static_cast<size_t>(i)];
    EXPECT_EQ(level.resnets, i + 1);
    EXPECT_EQ(level.up_resnets, i + 2);
    EXPECT_EQ(level.transformer_layers, (std::vector{0, 2, 4}[static_cast<size_t>(i)]));
    EXPECT_EQ(level.up_transformer_layers, (std::vector{0, 0, 4}[static_cast<size_t>(i)]));
    EXPECT_EQ(level.heads, (std::vector{1, 4, 8}[static_cast<size_t>(i)]));
    EXPECT_EQ(level.downsample, i < 2);
  }
  EXPECT_EQ(config.latent_multiple(), 4);
  EXPECT_EQ(config.time_embedding_dim, 128);
  EXPECT_TRUE(config.convolution_projections);
}

// What the library takes where a file says nothing: Stable Diffusion 1's shape, and a middle.
TEST(DiffusersConfigTest, DefaultsAreTheLibrarys) {
  const UNetConfig config = unet({{"_class_name", "UNet2DConditionModel"}});
  ASSERT_EQ(config.levels.size(), 4u);
  EXPECT_EQ(config.levels[3].channels, 1280);
  EXPECT_EQ(config.levels[3].transformer_layers, 0);
  EXPECT_EQ(config.levels[0].transformer_layers, 1);
  EXPECT_EQ(config.levels[3].up_transformer_layers, 0);
  EXPECT_EQ(config.levels[0].heads, 8);
  EXPECT_EQ(config.cross_attention_dim, 1280);
  ASSERT_TRUE(config.middle);
  EXPECT_EQ(config.middle->transformer_layers, 1);
  EXPECT_EQ(config.time_cond_proj_dim, 0);
}

// What means something supported is read, however it is written.
TEST(DiffusersConfigTest, OtherWordsForWhatIsSupported) {
  for (const auto& [key, value] : {std::pair<const char*, json>{"act_fn", "swish"},
                                   {"act_fn", "SiLU"},
                                   {"sample_size", {16, 16}},
                                   {"only_cross_attention", {false, false, false}},
                                   {"_class_name", {"my_unet", "UNet2DConditionModel"}}}) {
    const auto config = parse_unet_config(with(kUNet, key, value).dump(), "config.json");
    EXPECT_TRUE(config.ok()) << key << ": " << config.status().message();
  }
  EXPECT_EQ(unet(with(kUNet, "sample_size", {16, 16})).sample_size, 16);
  const auto wide = parse_unet_config(with(kUNet, "sample_size", {16, 32}).dump(), "config.json");
  EXPECT_EQ(wide.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(wide.status().message().find("16 by 32"), std::string::npos) << wide.status().message();
  const auto odd = parse_unet_config(with(kUNet, "_class_name", {"my_unet", "MyUNet"}).dump(), "config.json");
  EXPECT_EQ(odd.status().code(), StatusCode::kUnsupported);
  EXPECT_NE(odd.status().message().find("MyUNet"), std::string::npos) << odd.status().message();
}

// As Python's json writes them: no harm where nobody asks, named where somebody does, left alone within quotes.
TEST(DiffusersConfigTest, PythonsNaNAndInfinity) {
  const std::string text = kUNet.dump();
  for (const char* number : {"NaN", "Infinity", "-Infinity"}) {
    const std::string unused = "{\"dropout\":" + std::string(number) + ",\"x\":\"\\\"NaN\\\\\"," + text.substr(1);
    EXPECT_TRUE(parse_unet_config(unused, "config.json").ok()) << parse_unet_config(unused, "").status().message();
    const auto used = parse_unet_config("{\"norm_eps\":" + std::string(number) + "," + text.substr(1), "config.json");
    EXPECT_EQ(used.status().code(), StatusCode::kInvalidModel);
    EXPECT_NE(used.status().message().find(number), std::string::npos) << used.status().message();
  }
}

TEST(DiffusersConfigTest, WhatIsNotBuiltIsNamed) {
  for (const auto& [key, value] : {std::pair<const char*, json>{"class_embed_type", "timestep"},
                                   {"addition_embed_type", "text_time"},
                                   {"act_fn", "mish"},
                                   {"resnet_time_scale_shift", "scale_shift"},
                                   {"num_attention_heads", 8},
                                   {"only_cross_attention", {true, false}},
                                   {"only_cross_attention", "yes"},
                                   {"mid_block_type", "UNetMidBlock2D"},
                                   {"downsample_padding", 0},
                                   {"down_block_types", {"DownBlock2D", "AttnDownBlock2D", "DownBlock2D"}},
                                   {"conv_in_kernel", 4},
                                   {"cross_attention_dim", {48, 48, 64}},
                                   {"layers_per_block", {1, 2}},
                                   {"attention_head_dim", {64, 4, 8}},
                                   {"norm_num_groups", 7},
                                   {"block_out_channels", {32, 64}}}) {
    const auto config = parse_unet_config(with(kUNet, key, value).dump(), "config.json");
    ASSERT_FALSE(config.ok()) << key;
    EXPECT_NE(config.status().message().find("config.json"), std::string::npos) << config.status().message();
  }
  const auto status = parse_unet_config(with(kUNet, "addition_embed_type", "text_time").dump(), "config.json").status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_EQ(status.message(), "config.json has \"addition_embed_type\": \"text_time\"; supported: null");
}

// One answer, or one a level from the largest grid on.
TEST(DiffusersConfigTest, OnlyCrossAttention) {
  for (const auto& [value, expected] : {std::pair<json, std::vector<bool>>{nullptr, {false, false, false}},
                                        {false, {false, false, false}},
                                        {true, {true, true, true}},
                                        {{true, false, false}, {true, false, false}},
                                        {{false, false, false}, {false, false, false}}}) {
    json text = with(kUNet, "only_cross_attention", value);
    text["mid_block_only_cross_attention"] = true;  // which that middle does not read
    const auto config = parse_unet_config(text.dump(), "config.json");
    ASSERT_TRUE(config.ok()) << config.status().message();
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(config->levels[i].only_cross_attention, expected[i]) << value << i;
  }
}

TEST(DiffusersConfigTest, AutoencoderTiny) {
  const json tiny = {{"_class_name", "AutoencoderTiny"}};
  const auto config = parse_decoder_config(tiny.dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->upscale(), 8);
  EXPECT_EQ(config->latent_channels, 4);
  EXPECT_EQ(config->scaling_factor, 1.0f);
  EXPECT_EQ(std::get<TinyDecoderConfig>(config->network).blocks, (std::vector<int>{3, 3, 3, 1}));
  for (const auto& [key, value] : {std::pair<const char*, json>{"act_fn", "silu"},
                                   {"upsample_fn", "bilinear"},
                                   {"decoder_block_out_channels", {64, 64, 32, 32}},
                                   {"upsampling_scaling_factor", 4}}) {
    EXPECT_FALSE(parse_decoder_config(with(tiny, key, value).dump(), "config.json").ok()) << key;
  }
}

TEST(DiffusersConfigTest, AutoencoderKlShifts) {
  const json kl = {{"_class_name", "AutoencoderKL"},
                   {"latent_channels", 4},
                   {"block_out_channels", {32, 64}},
                   {"shift_factor", 0.25},
                   {"act_fn", "silu"}};
  const auto config = parse_decoder_config(kl.dump(), "config.json");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->shift_factor, 0.25f);
  EXPECT_FALSE(parse_decoder_config(with(kl, "latents_mean", {0, 0, 0, 0}).dump(), "config.json").ok());
}

}  // namespace
}  // namespace mobilediffusion
