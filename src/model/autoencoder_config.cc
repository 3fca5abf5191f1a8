// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// vae/config.json of diffusers' two autoencoders.
#include <algorithm>
#include <functional>
#include <utility>

#include "src/model/config_reading.h"

namespace mobilediffusion {
namespace {

void read_common(JsonReader& json, double scaling_factor, DecoderConfig* config) {
  json.integer("in_channels", 3, 3, 3);
  config->out_channels = static_cast<int>(json.integer("out_channels", 3, 3, 3));
  config->scaling_factor = static_cast<float>(json.number("scaling_factor", 1e-6, 1e6, scaling_factor));
  config->force_upcast = json.boolean("force_upcast", false);
  config->shift_factor = static_cast<float>(json.number("shift_factor", -1e6, 1e6, 0));
}

// Each level of an AutoencoderTiny hands its own width on.
int one_width(JsonReader& json, const char* key, size_t levels) {
  if (!json.has(key)) return 64;
  const std::vector<int> widths = json.integers(key, levels, levels, 1, kMostChannels);
  require(json, std::adjacent_find(widths.begin(), widths.end(), std::not_equal_to<>()) == widths.end(),
          "\"" + std::string(key) + "\" of several widths; each level of an AutoencoderTiny hands its own on");
  return widths.empty() ? 64 : widths.front();
}

}  // namespace

Result<DecoderConfig> read_kl_decoder(JsonReader& json) {
  DecoderConfig config;
  KlDecoderConfig kl;
  config.latent_channels = static_cast<int>(json.integer("latent_channels", 1, kMostChannels));
  kl.block_out_channels = json.integers("block_out_channels", 1, kMostLevels, 1, kMostChannels);
  kl.layers_per_block = static_cast<int>(json.integer("layers_per_block", 1, kMostLayers, 1));
  kl.norm_num_groups = static_cast<int>(json.integer("norm_num_groups", 1, kMostChannels, 32));
  kl.mid_block_add_attention = json.boolean("mid_block_add_attention", true);
  kl.use_quant_conv = json.boolean("use_quant_conv", true);
  kl.use_post_quant_conv = json.boolean("use_post_quant_conv", true);
  read_common(json, 0.18215, &config);
  require_activation(json, {"silu", "swish"});
  require_values(json, {{"latents_mean", nullptr}, {"latents_std", nullptr}});
  for (const auto& [key, supported] :
       {std::pair{"up_block_types", "UpDecoderBlock2D"}, std::pair{"down_block_types", "DownEncoderBlock2D"}}) {
    if (!json.has(key)) continue;
    const size_t levels = kl.block_out_channels.size();
    for (const std::string& type : json.strings(key, levels, levels)) choice<int>(json, key, type, {{supported, 0}});
  }
  if (json.status().ok()) {
    for (const int width : kl.block_out_channels) {
      require_divides(json, kl.norm_num_groups, "norm_num_groups", width, "a width in block_out_channels,");
    }
  }
  config.network = kl;
  return finish(json, config);
}

Result<DecoderConfig> read_tiny_decoder(JsonReader& json) {
  DecoderConfig config;
  TinyDecoderConfig tiny;
  config.latent_channels = static_cast<int>(json.integer("latent_channels", 1, kMostChannels, 4));
  tiny.blocks = {3, 3, 3, 1};
  if (json.has("num_decoder_blocks")) tiny.blocks = json.integers("num_decoder_blocks", 1, kMostLevels, 0, kMostLayers);
  const size_t levels = tiny.blocks.size();
  tiny.encoder_blocks.assign(tiny.blocks.rbegin(), tiny.blocks.rend());
  if (json.has("num_encoder_blocks"))
    tiny.encoder_blocks = json.integers("num_encoder_blocks", levels, levels, 0, kMostLayers);
  tiny.channels = one_width(json, "decoder_block_out_channels", levels);
  tiny.encoder_channels = one_width(json, "encoder_block_out_channels", levels);
  read_common(json, 1.0, &config);
  require_activation(json, {"relu"});
  require_values(json, {{"upsample_fn", "nearest"}, {"upsampling_scaling_factor", 2}});
  config.network = tiny;
  return finish(json, config);
}

}  // namespace mobilediffusion
