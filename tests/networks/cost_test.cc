// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a model costs: against a second count that follows the design's words and knows nothing of our networks, against
// the tensors of the golden checkpoints, and to the digit for the two sizes that come along.
#include "src/networks/cost.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "src/files/mapped_file.h"
#include "src/files/safetensors.h"
#include "src/stages.h"

namespace mobilediffusion {
namespace {

ModelFolder open(const std::string& folder) {
  auto model = open_model_folder(std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/" + folder);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return model.ok() ? *model : ModelFolder();
}

// The second count. Each call adds one layer.
struct Count {
  int64_t parameters = 0, macs = 0;

  void conv(int64_t in, int64_t out, int64_t side, int64_t area) { add(in * out * side * side, out, area); }
  void depthwise(int64_t channels, int64_t area) { add(channels * 9, channels, area); }
  void linear(int64_t in, int64_t out, int64_t rows, bool bias = true) { add(in * out, bias ? out : 0, rows); }
  void norm(int64_t channels) { parameters += 2 * channels; }
  void products(int64_t queries, int64_t keys, int64_t width) { macs += 2 * queries * keys * width; }

  void resnet(int64_t in, int64_t out, int64_t area, int64_t time, bool separable) {
    norm(in);
    norm(out);
    for (const int64_t from : {in, out}) {
      if (separable) {
        depthwise(from, area);
        conv(from, out, 1, area);
      } else {
        conv(from, out, 3, area);
      }
    }
    if (time > 0) linear(time, out, 1);
    if (in != out) conv(in, out, 1, area);
  }

  void attention(int64_t width, int64_t key_width, int64_t queries, int64_t keys) {
    linear(width, width, queries, false);
    linear(key_width, width, keys, false);  // keys and values in one
    linear(width, width, queries);
    products(queries, keys, width);
  }

  void transformer(const UNetConfig& unet, int64_t width, int64_t layers, bool self, int64_t area, int64_t tokens) {
    norm(width);
    linear(width, width, area);
    linear(width, width, area);
    for (int64_t i = 0; i < layers; ++i) {
      if (self) {
        norm(width);
        attention(width, width, area, area);
      }
      norm(width);
      attention(width, unet.cross_attention_dim, area, tokens);
      norm(width);
      linear(width, width * unet.feed_forward_ratio, area);
      linear(width * unet.feed_forward_ratio / 2, width, area);
    }
  }

 private:
  void add(int64_t weights, int64_t biases, int64_t times) {
    parameters += weights + biases;
    macs += weights * times;
  }
};

Count count(const TextEncoderConfig& text) {
  const int64_t tokens = text.max_position_embeddings, width = text.hidden_size;
  Count sum;
  sum.parameters = (text.vocab_size + tokens) * width;
  for (int i = 0; i < text.num_hidden_layers; ++i) {
    sum.norm(width);
    for (int j = 0; j < 4; ++j) sum.linear(width, width, tokens);
    sum.products(tokens, tokens, width);
    sum.norm(width);
    sum.linear(width, text.intermediate_size, tokens);
    sum.linear(text.intermediate_size, width, tokens);
  }
  sum.norm(width);
  return sum;
}

Count count(const UNetConfig& unet, int64_t tokens, int64_t height, int64_t width) {
  const int64_t first = unet.levels.front().channels, time = 4 * first;
  int64_t area = height * width, channels = first;
  Count sum;
  sum.linear(first, time, 1);
  sum.linear(time, time, 1);
  sum.conv(unet.in_channels, first, 3, area);
  std::vector<int64_t> skips;
  for (const UNetLevel& level : unet.levels) {
    for (int j = 0; j < level.resnets; ++j) {
      sum.resnet(channels, level.channels, area, time, level.separable);
      channels = level.channels;
      if (level.transformer_layers > 0)
        sum.transformer(unet, channels, level.transformer_layers, level.self_attention, area, tokens);
      skips.push_back(channels);
    }
    if (level.downsample) {
      area /= 4;
      sum.conv(channels, channels, 3, area);
    }
  }
  sum.resnet(channels, channels, area, time, unet.middle->separable);
  sum.transformer(unet, channels, unet.middle->transformer_layers, true, area, tokens);
  sum.resnet(channels, channels, area, time, unet.middle->separable);
  for (size_t i = unet.levels.size(); i-- > 0;) {
    const UNetLevel& level = unet.levels[i];
    for (int j = 0; j < level.resnets; ++j) {
      sum.resnet(channels + skips.back(), level.channels, area, time, level.separable);
      skips.pop_back();
      channels = level.channels;
      if (level.transformer_layers > 0)
        sum.transformer(unet, channels, level.transformer_layers, level.self_attention, area, tokens);
    }
    if (i > 0 && unet.levels[i - 1].downsample) {
      area *= 4;
      sum.conv(channels, channels, 3, area);
    }
  }
  sum.norm(channels);
  sum.conv(channels, unet.out_channels, 3, area);
  return sum;
}

Count count(const DecoderConfig& config, int64_t height, int64_t width) {
  const auto& decoder = std::get<KlDecoderConfig>(config.network);
  int64_t area = height * width, channels = decoder.block_out_channels.back();
  Count sum;
  if (decoder.use_post_quant_conv) sum.conv(config.latent_channels, config.latent_channels, 1, area);
  sum.conv(config.latent_channels, channels, 3, area);
  sum.resnet(channels, channels, area, 0, false);
  if (decoder.mid_block_add_attention) {
    sum.norm(channels);
    for (int j = 0; j < 4; ++j) sum.linear(channels, channels, area);
    sum.products(area, area, channels);
  }
  sum.resnet(channels, channels, area, 0, false);
  for (size_t i = decoder.block_out_channels.size(); i-- > 0;) {
    for (int j = 0; j <= decoder.layers_per_block; ++j) {
      sum.resnet(channels, decoder.block_out_channels[i], area, 0, false);
      channels = decoder.block_out_channels[i];
    }
    if (i > 0) {
      area *= 4;
      sum.conv(channels, channels, 3, area);
    }
  }
  sum.norm(channels);
  sum.conv(channels, 3, 3, area);
  return sum;
}

void expect_equal(const NetworkCost& found, const Count& expected, const std::string& what) {
  EXPECT_EQ(found.whole.parameters, expected.parameters) << what << " " << found.whole.name;
  EXPECT_EQ(found.whole.macs, expected.macs) << what << " " << found.whole.name;
}

TEST(CountedTwiceTest, AgreesWithTheDesign) {
  for (const std::string folder : {"models/mobilediffusion", "models/mobilediffusion-lite", "tests/data/goldens/base",
                                   "tests/data/goldens/sample-prediction"}) {
    const ModelFolder model = open(folder);
    for (const auto& [height, width] : {std::pair{64, 64}, std::pair{8, 20}, std::pair{4, 4}}) {
      const std::string what = folder + " at " + std::to_string(height) + "x" + std::to_string(width);
      const ModelCost cost = cost_of(model, height, width);
      expect_equal(cost.text_encoder, count(model.text_encoder), what);
      expect_equal(cost.unet, count(model.unet, model.text_encoder.max_position_embeddings, height, width), what);
      expect_equal(cost.decoder, count(model.decoder, height, width), what);
    }
  }
}

struct Figures {
  const char* model;
  int64_t text_parameters, text_macs, unet_parameters, unet_macs, decoder_parameters, decoder_macs, parameters;
};

// The design's table: 123.06 M; 387.7 M and 189.3 G, or 275.6 M and 118.2 G; 9.66 M and 256 G; 520.4 M in all.
TEST(FiguresTest, AreTheDesignsToTheDigit) {
  for (const Figures& figures :
       {Figures{"mobilediffusion", 123060480, 6649251840, 387720776, 189323755520, 9664587, 256079298560, 520445843},
        Figures{"mobilediffusion-lite", 123060480, 6649251840, 275632264, 118212722688, 9664587, 256079298560,
                408357331}}) {
    const ModelCost cost = cost_of(open(std::string("models/") + figures.model), 64, 64);
    EXPECT_EQ(cost.text_encoder.whole.parameters, figures.text_parameters) << figures.model;
    EXPECT_EQ(cost.text_encoder.whole.macs, figures.text_macs) << figures.model;
    EXPECT_EQ(cost.unet.whole.parameters, figures.unet_parameters) << figures.model;
    EXPECT_EQ(cost.unet.whole.macs, figures.unet_macs) << figures.model;
    EXPECT_EQ(cost.decoder.whole.parameters, figures.decoder_parameters) << figures.model;
    EXPECT_EQ(cost.decoder.whole.macs, figures.decoder_macs) << figures.model;
    EXPECT_EQ(cost.total().parameters, figures.parameters) << figures.model;
    EXPECT_EQ(cost.total().macs, figures.text_macs + figures.unet_macs + figures.decoder_macs) << figures.model;
  }
}

// Public models, whose parameters are published or were counted in their files: SD-1.5's UNet 859.52 M, SD-2.1's and
// SD-Turbo's 865.91 M (SDXS's is counted from its configuration by other means); CLIP-ViT/L14 123.06 M,
// OpenCLIP-ViT/H14 without its last layer 340.39 M; the KL autoencoder 49.49 M and 34.16 M, TAESD's 1.22 M a half.
TEST(FiguresTest, PublicModelsAreTheirFiles) {
  struct Public {
    const char* model;
    int64_t text, unet, decoder, encoder;
  };
  for (const Public& figures : {Public{"sdxs-512", 123060480, 315746244, 1222531, 1222532},
                                Public{"sd15-taesd", 123060480, 859520964, 1222531, 1222532},
                                Public{"sd-turbo", 340387840, 865910724, 49490199, 34163664}}) {
    const ModelCost cost = cost_of(open(std::string("benchmarks/configurations/") + figures.model), 64, 64);
    EXPECT_EQ(cost.text_encoder.whole.parameters, figures.text) << figures.model;
    EXPECT_EQ(cost.unet.whole.parameters, figures.unet) << figures.model;
    EXPECT_EQ(cost.decoder.whole.parameters, figures.decoder) << figures.model;
    EXPECT_EQ(cost.encoder.whole.parameters, figures.encoder) << figures.model;
  }
}

// What we would ask a file for is what the independent implementation wrote, name by name and shape by shape.
// Where the first attention reads the text, its keys and values are as wide as that and as many.
TEST(CountedTwiceTest, OnlyCrossAttentionReadsTheText) {
  ModelFolder model = open("benchmarks/configurations/sdxs-512");
  UNetLevel& level = model.unet.levels.front();
  level.transformer_layers = level.up_transformer_layers = 1;
  const ModelCost plain = cost_of(model, 64, 64);
  level.only_cross_attention = true;
  const ModelCost text = cost_of(model, 64, 64);
  const int64_t blocks = level.resnets + level.up_resnets, width = level.channels, area = 64 * 64;
  const int64_t context = model.unet.cross_attention_dim, tokens = model.text_encoder.max_position_embeddings;
  EXPECT_EQ(text.unet.whole.parameters - plain.unet.whole.parameters, blocks * 2 * width * (context - width));
  EXPECT_EQ(text.unet.whole.macs - plain.unet.whole.macs,
            blocks * (2 * width * (context * tokens - width * area) + 2 * area * width * (tokens - area)));
}

TEST(ManifestTest, IsTheGoldenCheckpoints) {
  for (const std::string golden : {"base", "relu-attention", "sample-prediction", "zero-snr", "faint"}) {
    const ModelFolder model = open("tests/data/goldens/" + golden);
    const ModelCost cost = cost_of(model, 4, 4);
    for (const auto& [network, path] :
         {std::pair{&cost.text_encoder, model.text_encoder_weights()}, std::pair{&cost.unet, model.unet_weights()},
          std::pair{&cost.decoder, model.decoder_weights()}}) {
      std::map<std::string, std::vector<int64_t>> asked, there;
      for (const auto& tensor : network->tensors)
        EXPECT_TRUE(asked.emplace(tensor.name, tensor.shape).second) << tensor.name << " twice";
      const auto file = path.open();
      ASSERT_TRUE(file.ok()) << file.status().message();
      const auto tensors = Safetensors::parse(file->bytes(), path.string());
      ASSERT_TRUE(tensors.ok()) << tensors.status().message();
      int64_t elements = 0;
      for (const auto& [name, entry] : tensors->entries()) {
        there.emplace(name, entry.shape);
        elements += entry.elements();
      }
      EXPECT_EQ(asked, there) << path.string();
      EXPECT_EQ(network->whole.parameters, elements) << path.string();
    }
  }
}

TEST(BlocksTest, AreNamedOnceAndNoneIsFree) {
  const ModelCost cost = cost_of(open("models/mobilediffusion"), 64, 64);
  for (const NetworkCost* network : {&cost.text_encoder, &cost.unet, &cost.decoder}) {
    std::map<std::string, int> names;
    for (const Cost& block : network->blocks) {
      EXPECT_GT(block.parameters, 0) << block.name;
      EXPECT_GE(block.macs, 0) << block.name;
      EXPECT_EQ(++names[block.name], 1) << block.name;
    }
  }
  std::map<std::string, int64_t> unet;
  for (const Cost& block : cost.unet.blocks) unet[block.name] = block.macs;
  for (const char* block :
       {"conv_in", "down_blocks.0", "down_blocks.3", "mid_block", "up_blocks.0", "up_blocks.3", "conv_out"}) {
    EXPECT_GT(unet[block], 0) << block;
  }
}

// At its last level the decoder holds two pictures of the whole size and a band: the wide one that a resnet reads and
// the narrow one that it makes; then two narrow ones.
TEST(CostTest, TheDecoderHoldsTwoLargePictures) {
  const ModelFolder model = open("models/mobilediffusion");
  const Stages stages = Stages::describe(model);
  const kernels::ThreadPool one(1);
  for (const int side : {512, 1024}) {
    kernels::Arena arena(kernels::Arena::Mode::kMeasure);
    kernels::Context context(one, arena);
    const kernels::Tensor latents = context.make({1, side / 8, side / 8, model.decoder.latent_channels});
    const kernels::Tensor picture = stages.decoder()(context, latents);
    EXPECT_EQ(picture.shape(), (kernels::Shape{1, side, side, 3}));
    const double wide = 128.0 * side * side * sizeof(float), narrow = wide / 2;
    EXPECT_LT(static_cast<double>(arena.peak_bytes()), 1.2 * (wide + narrow)) << side;
  }
}

}  // namespace
}  // namespace mobilediffusion
