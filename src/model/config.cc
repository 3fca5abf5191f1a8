// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/config.h"

#include <algorithm>
#include <utility>

#include "src/model/config_reading.h"

namespace mobilediffusion {
namespace {

int power_of_two(int64_t exponent) { return 1 << exponent; }

Result<UNetConfig> read_mobile_diffusion_unet(JsonReader& json) {
  UNetConfig config;
  config.in_channels = static_cast<int>(json.integer("in_channels", 1, kMostChannels));
  config.out_channels = static_cast<int>(json.integer("out_channels", 1, kMostChannels));
  const std::vector<int> channels = json.integers("block_out_channels", 1, kMostLevels, 1, kMostChannels);
  const size_t levels = channels.size();
  const std::vector<int> resnets = json.integers("resnets_per_block", levels, levels, 1, kMostLayers);
  const std::vector<int> layers = json.integers("transformer_layers_per_block", levels, levels, 0, kMostLayers);
  const std::vector<bool> self_attention = json.booleans("self_attention", levels, levels);
  const std::vector<bool> separable = json.booleans("separable", levels, levels);
  const std::vector<bool> downsample = json.booleans("downsample", levels - 1, levels - 1);
  UNetMiddle middle;
  middle.transformer_layers = static_cast<int>(json.integer("mid_transformer_layers", 1, kMostLayers));
  middle.separable = json.boolean("mid_separable");
  config.cross_attention_dim = static_cast<int>(json.integer("cross_attention_dim", 1, kMostChannels));
  const int head_dim = static_cast<int>(json.integer("attention_head_dim", 1, kMostChannels));
  config.feed_forward_ratio = static_cast<int>(json.integer("feed_forward_ratio", 1, 64));
  config.norm_num_groups = static_cast<int>(json.integer("norm_num_groups", 1, kMostChannels));
  config.attention_kind = choice<AttentionKind>(json, "attention_kind", json.string("attention_kind", "softmax"),
                                                {{"softmax", AttentionKind::kSoftmax}, {"relu", AttentionKind::kRelu}});
  config.sample_size = read_sample_size(json, std::nullopt);
  if (!json.status().ok()) return json.status();

  int64_t blocks = middle.transformer_layers;
  for (size_t i = 0; i < levels; ++i) blocks += int64_t{resnets[i]} * (1 + layers[i]);
  require(json, blocks <= kMostBlocks,
          number(blocks) +
              " blocks by \"resnets_per_block\", \"transformer_layers_per_block\" and \"mid_transformer_layers\"; at "
              "most " +
              number(kMostBlocks) + " are built");
  for (size_t i = 0; i < levels; ++i) {
    config.levels.push_back({.channels = channels[i],
                             .resnets = resnets[i],
                             .transformer_layers = layers[i],
                             .up_resnets = resnets[i],
                             .up_transformer_layers = layers[i],
                             .heads = std::max(1, channels[i] / head_dim),
                             .self_attention = self_attention[i],
                             .separable = separable[i],
                             .downsample = i + 1 < levels && downsample[i]});
    const std::string width = "block_out_channels[" + number(static_cast<int64_t>(i)) + "]";
    require_divides(json, config.norm_num_groups, "norm_num_groups", channels[i], width);
    const bool attends = layers[i] > 0 || i + 1 == levels;  // the middle has the last level's width
    if (attends) {
      require_divides(json, head_dim, "attention_head_dim", channels[i], width);
      require_divides(json, 2,
                      "the two halves of a gated feed-forward:", int64_t{config.feed_forward_ratio} * channels[i],
                      "feed_forward_ratio times " + width);
    }
  }
  middle.heads = config.levels.back().heads;
  config.middle = middle;
  config.time_embedding_dim = 4 * channels[0];
  require_divides(json, 2, "the sines and cosines of the time embedding:", channels[0], "block_out_channels[0]");
  require_divides(json, config.latent_multiple(), "the UNet's downsampling", config.sample_size, "sample_size");
  read_sample_sizes(json, &config);
  return finish(json, config);
}

}  // namespace

void read_sample_sizes(JsonReader& json, UNetConfig* config) {
  config->sample_sizes = {{config->sample_size, config->sample_size}};
  if (!json.has("sample_sizes") || !json.status().ok()) return;
  constexpr size_t kMostSizes = 64;
  const auto side = [config](const nlohmann::json& value) {
    const bool fits = value.is_number_integer() && value >= 1 && value <= 4096;
    const int found = fits ? value.get<int>() : 0;
    return found % config->latent_multiple() == 0 ? found : 0;
  };
  const nlohmann::json& list = json.object()["sample_sizes"];
  bool fits = list.is_array() && !list.empty() && list.size() <= kMostSizes;
  std::vector<LatentSize> sizes;
  for (size_t i = 0; fits && i < list.size(); ++i) {
    const bool pair = list[i].is_array() && list[i].size() == 2;
    sizes.push_back(pair ? LatentSize{side(list[i][0]), side(list[i][1])} : LatentSize{side(list[i]), side(list[i])});
    fits = sizes.back().height > 0 && sizes.back().width > 0;
  }
  if (!fits) {
    json.fail("has \"sample_sizes\": " + in_message(list.dump()) +
              "; expected a list of sides, or of [height, width], of " + "1 to 4096, multiples of " +
              number(config->latent_multiple()));
    return;
  }
  if (std::find(sizes.begin(), sizes.end(), config->sample_sizes[0]) == sizes.end())
    sizes.insert(sizes.begin(), config->sample_sizes[0]);
  config->sample_sizes = std::move(sizes);
}

int UNetConfig::latent_multiple() const {
  return power_of_two(
      std::count_if(levels.begin(), levels.end(), [](const UNetLevel& level) { return level.downsample; }));
}

int DecoderConfig::upscale() const {
  const auto* const kl = std::get_if<KlDecoderConfig>(&network);
  const size_t levels = kl ? kl->block_out_channels.size() : std::get<TinyDecoderConfig>(network).blocks.size();
  return power_of_two(static_cast<int64_t>(levels) - 1);
}

Result<TextEncoderConfig> parse_text_encoder_config(std::string_view text, const std::string& origin) {
  JsonReader json(text, origin);
  TextEncoderConfig config;
  if (const std::string found = read_class_name(json, "CLIPTextModel"); found != "CLIPTextModel")
    refuse_class(json, found, "CLIPTextModel");
  require_values(json, {{"model_type", "clip_text_model"}});
  config.vocab_size = static_cast<int>(json.integer("vocab_size", 1, 1 << 20));
  config.hidden_size = static_cast<int>(json.integer("hidden_size", 1, kMostChannels));
  config.num_hidden_layers = static_cast<int>(json.integer("num_hidden_layers", 1, kMostLayers));
  config.num_attention_heads = static_cast<int>(json.integer("num_attention_heads", 1, kMostChannels));
  config.intermediate_size = static_cast<int>(json.integer("intermediate_size", 1, kMostChannels));
  config.max_position_embeddings = static_cast<int>(json.integer("max_position_embeddings", 2, 1 << 14));
  config.hidden_act =
      choice<HiddenActivation>(json, "hidden_act", json.string("hidden_act", "quick_gelu"),
                               {{"quick_gelu", HiddenActivation::kQuickGelu}, {"gelu", HiddenActivation::kGelu}});
  config.layer_norm_eps = static_cast<float>(json.number("layer_norm_eps", 0, 1, 1e-5));
  const auto token = [&](const char* key, int64_t fallback) {
    return static_cast<int>(
        json.integer(key, 0, std::max(0, config.vocab_size - 1), std::min<int64_t>(fallback, config.vocab_size - 1)));
  };
  config.bos_token_id = token("bos_token_id", 49406);
  config.eos_token_id = token("eos_token_id", 49407);
  config.pad_token_id = token("pad_token_id", config.eos_token_id);
  if (json.status().ok()) {
    require_divides(json, config.num_attention_heads, "num_attention_heads", config.hidden_size, "hidden_size");
  }
  return finish(json, config);
}

Result<UNetConfig> parse_unet_config(std::string_view text, const std::string& origin) {
  JsonReader json(text, origin);
  const std::string found = read_class_name(json, "MobileDiffusionUNet");
  if (found == "UNet2DConditionModel") return read_diffusers_unet(json);
  if (found != "MobileDiffusionUNet") refuse_class(json, found, "MobileDiffusionUNet, UNet2DConditionModel");
  return read_mobile_diffusion_unet(json);
}

Result<DecoderConfig> parse_decoder_config(std::string_view text, const std::string& origin) {
  JsonReader json(text, origin);
  const std::string found = read_class_name(json, "AutoencoderKL");
  if (found == "AutoencoderTiny") return read_tiny_decoder(json);
  if (found != "AutoencoderKL") refuse_class(json, found, "AutoencoderKL, AutoencoderTiny");
  return read_kl_decoder(json);
}

}  // namespace mobilediffusion
