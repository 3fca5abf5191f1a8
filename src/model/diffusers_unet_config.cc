// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// unet/config.json of diffusers' UNet2DConditionModel. Its defaults are the library's, its "attention_head_dim" is the
// number of heads (a name that the library kept when its meaning was found to be another), and its way up has one
// resnet more a level than its way down.
#include <algorithm>

#include "src/model/config_reading.h"

namespace mobilediffusion {
namespace {

// A number, or a list with one a level.
std::vector<int> per_level(JsonReader& json, const char* key, size_t levels, int64_t high, int fallback) {
  if (!json.has(key)) return std::vector<int>(levels, fallback);
  if (json.object()[key].is_array()) return json.integers(key, levels, levels, 1, high);
  return std::vector<int>(levels, static_cast<int>(json.integer(key, 1, high)));
}

// Whether each block has transformers.
std::vector<bool> attends(JsonReader& json, const char* key, size_t levels, const char* plain, const char* attending,
                          bool plain_is_last) {
  std::vector<bool> answers;
  if (!json.has(key)) {  // as Stable Diffusion 1 has it
    for (size_t i = 0; i < levels; ++i) answers.push_back(i != (plain_is_last ? levels - 1 : 0));
    return answers;
  }
  for (const std::string& type : json.strings(key, levels, levels))
    answers.push_back(choice<bool>(json, key, type, {{plain, false}, {attending, true}}));
  return answers;
}

// null is no middle; a key that is missing is the default.
bool has_middle(JsonReader& json) {
  constexpr const char* kKey = "mid_block_type";
  if (json.object().is_object() && json.object().contains(kKey) && json.object()[kKey].is_null()) return false;
  return choice<bool>(json, kKey, json.string(kKey, "UNetMidBlock2DCrossAttn"), {{"UNetMidBlock2DCrossAttn", true}});
}

// Every other value asks for a part that is not built. "upcast_attention" is not among them: attention's scores are
// float32's in every model.
void require_supported(JsonReader& json) {
  require_activation(json, {"silu", "swish"});
  require_values(json, {{"downsample_padding", 1},
                        {"time_embedding_type", "positional"},
                        {"resnet_time_scale_shift", "default"},
                        {"attention_type", "default"},
                        {"mid_block_scale_factor", 1},
                        {"resnet_out_scale_factor", 1},
                        {"center_input_sample", false},
                        {"dual_cross_attention", false},
                        {"resnet_skip_time_act", false},
                        {"class_embeddings_concat", false},
                        {"num_attention_heads", nullptr},
                        {"class_embed_type", nullptr},
                        {"num_class_embeds", nullptr},
                        {"addition_embed_type", nullptr},
                        {"encoder_hid_dim", nullptr},
                        {"encoder_hid_dim_type", nullptr},
                        {"cross_attention_norm", nullptr},
                        {"time_embedding_act_fn", nullptr},
                        {"timestep_post_act", nullptr}});
}

// One answer for all levels, or a list with one a level. The middle's own key, "mid_block_only_cross_attention", is for
// another class of middle than ours, which has both attentions in any case.
std::vector<bool> only_cross_attention(JsonReader& json, size_t levels) {
  constexpr const char* kKey = "only_cross_attention";
  if (json.has(kKey) && json.object()[kKey].is_array()) {
    std::vector<bool> answers = json.booleans(kKey, levels, levels);
    answers.resize(levels);
    return answers;
  }
  return std::vector<bool>(levels, json.boolean(kKey, false));
}

int odd_kernel(JsonReader& json, const char* key) {
  const int kernel = static_cast<int>(json.integer(key, 1, 15, 3));
  require(json, kernel % 2 == 1, std::string("an even \"") + key + "\"; only odd ones keep a picture's size");
  return kernel;
}

// One width for all levels: the text is the same for all of them.
int cross_attention_dim(JsonReader& json, size_t levels) {
  const std::vector<int> dims = per_level(json, "cross_attention_dim", levels, kMostChannels, 1280);
  const bool equal = std::all_of(dims.begin(), dims.end(), [&](int dim) { return dim == dims.front(); });
  if (json.status().ok() && !equal)
    json.fail("has a \"cross_attention_dim\" that differs by level; supported: one text encoder's width",
              StatusCode::kUnsupported);
  return dims.empty() ? 0 : dims.front();
}

}  // namespace

Result<UNetConfig> read_diffusers_unet(JsonReader& json) {
  UNetConfig config;
  config.in_channels = static_cast<int>(json.integer("in_channels", 1, kMostChannels, 4));
  config.out_channels = static_cast<int>(json.integer("out_channels", 1, kMostChannels, 4));
  std::vector<int> channels = {320, 640, 1280, 1280};
  if (json.has("block_out_channels")) channels = json.integers("block_out_channels", 1, kMostLevels, 1, kMostChannels);
  if (!json.status().ok()) return json.status();
  const size_t levels = channels.size();
  const std::vector<bool> down =
      attends(json, "down_block_types", levels, "DownBlock2D", "CrossAttnDownBlock2D", /*plain_is_last=*/true);
  const std::vector<bool> up =
      attends(json, "up_block_types", levels, "UpBlock2D", "CrossAttnUpBlock2D", /*plain_is_last=*/false);
  const bool middle = has_middle(json);
  const std::vector<int> resnets = per_level(json, "layers_per_block", levels, kMostLayers, 2);
  const std::vector<int> layers = per_level(json, "transformer_layers_per_block", levels, kMostLayers, 1);
  const std::vector<int> heads = per_level(json, "attention_head_dim", levels, kMostChannels, 8);
  std::vector<int> up_layers(layers.rbegin(), layers.rend());
  if (json.has("reverse_transformer_layers_per_block"))
    up_layers = per_level(json, "reverse_transformer_layers_per_block", levels, kMostLayers, 1);
  const std::vector<bool> only_cross = only_cross_attention(json, levels);
  config.cross_attention_dim = cross_attention_dim(json, levels);
  config.norm_num_groups = static_cast<int>(json.integer("norm_num_groups", 1, kMostChannels, 32));
  config.norm_eps = static_cast<float>(json.number("norm_eps", 0, 1, 1e-5));
  config.convolution_projections = !json.boolean("use_linear_projection", false);
  config.conv_in_kernel = odd_kernel(json, "conv_in_kernel");
  config.conv_out_kernel = odd_kernel(json, "conv_out_kernel");
  config.time_embedding_dim =
      static_cast<int>(json.integer("time_embedding_dim", 1, 4 * kMostChannels, 4 * channels.front()));
  config.cosines_first = json.boolean("flip_sin_to_cos", true);
  config.frequency_shift = static_cast<int>(json.integer("freq_shift", 0, 1, 0));
  config.time_cond_proj_dim = static_cast<int>(json.integer("time_cond_proj_dim", 1, kMostChannels, 0));
  config.sample_size = read_sample_size(json, 64);
  require_supported(json);
  if (!json.status().ok()) return json.status();

  config.feed_forward_ratio = 8;
  config.feed_forward_gate = FeedForwardGate::kGelu;
  config.shared_key_value = false;
  config.skips_from_samplers = true;
  config.names = {"downsamplers.0.conv", "upsamplers.0.conv", "ff.net.0.proj", "ff.net.2"};
  int64_t blocks = middle ? layers.back() : 0;
  for (size_t i = 0; i < levels; ++i) {
    const size_t from_below = levels - 1 - i;
    config.levels.push_back({.channels = channels[i],
                             .resnets = resnets[i],
                             .transformer_layers = down[i] ? layers[i] : 0,
                             .up_resnets = resnets[i] + 1,
                             .up_transformer_layers = up[from_below] ? up_layers[from_below] : 0,
                             .heads = heads[i],
                             .self_attention = true,
                             .only_cross_attention = only_cross[i],
                             .downsample = i + 1 < levels});
    const UNetLevel& level = config.levels.back();
    blocks += int64_t{level.resnets} * (1 + level.transformer_layers) +
              int64_t{level.up_resnets} * (1 + level.up_transformer_layers);
    const std::string width = "block_out_channels[" + number(static_cast<int64_t>(i)) + "]";
    require_divides(json, config.norm_num_groups, "norm_num_groups", channels[i], width);
    require(json, heads[i] <= channels[i],
            number(heads[i]) + " heads by \"attention_head_dim\", more than " + width + " has channels");
  }
  if (middle) config.middle = {.transformer_layers = layers.back(), .heads = heads.back()};
  require(json, blocks <= kMostBlocks,
          number(blocks) + " blocks by \"layers_per_block\" and \"transformer_layers_per_block\"; at most " +
              number(kMostBlocks) + " are built");
  require_divides(json, 2, "the sines and cosines of the time embedding:", channels[0], "block_out_channels[0]");
  require(json, channels[0] / 2 > config.frequency_shift, "a \"freq_shift\" that leaves the timestep no frequency");
  require_divides(json, config.latent_multiple(), "the UNet's downsampling", config.sample_size, "sample_size");
  read_sample_sizes(json, &config);
  return finish(json, config);
}

}  // namespace mobilediffusion
