// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// LoRAs by all names that files give their tensors, and by all that models give their layers.
#include "tests/weights/lora_fixture.h"

namespace mobilediffusion::lora_test {
namespace {

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

}  // namespace
}  // namespace mobilediffusion::lora_test
