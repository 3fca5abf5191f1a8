// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a model folder's JSON files say, as types: one struct a network. The readers (config.cc) check every value
// against its range and name the file, the key, the expected and the found, so that the networks need not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

enum class HiddenActivation { kQuickGelu, kGelu };

// CLIPTextModel: text_encoder/config.json.
struct TextEncoderConfig {
  int vocab_size = 0;
  int hidden_size = 0;
  int num_hidden_layers = 0;
  int num_attention_heads = 0;
  int intermediate_size = 0;
  int max_position_embeddings = 0;
  HiddenActivation hidden_act = HiddenActivation::kQuickGelu;
  float layer_norm_eps = 1e-5f;
  int bos_token_id = 0;
  int eos_token_id = 0;
  int pad_token_id = 0;
};

enum class AttentionKind { kSoftmax, kRelu };

// One resolution of the UNet, the same on the way down and on the way up.
struct UNetLevel {
  int channels = 0;
  int resnets = 0;
  int transformer_layers = 0;   // transformer blocks behind each resnet; 0: none
  bool self_attention = false;  // whether those attend to the picture as well as to the text
  bool separable = false;       // depthwise + pointwise in place of plain 3x3 convolutions
  bool downsample = false;      // whether a stride-2 convolution leads to the next level; false on the last
};

// MobileDiffusionUNet: unet/config.json.
struct UNetConfig {
  int in_channels = 0;
  int out_channels = 0;
  std::vector<UNetLevel> levels;
  int mid_transformer_layers = 0;
  bool mid_separable = false;
  int cross_attention_dim = 0;
  int attention_head_dim = 0;
  int feed_forward_ratio = 0;
  int norm_num_groups = 0;
  AttentionKind attention_kind = AttentionKind::kSoftmax;
  int sample_size = 0;  // the latent's side that the model was made for

  // Width and height of a latent must be multiples of this: 2 to the number of downsamplers.
  int latent_multiple() const;
};

// AutoencoderKL, its decoder: vae/config.json.
struct DecoderConfig {
  int latent_channels = 0;
  int out_channels = 0;
  std::vector<int> block_out_channels;  // from the picture's side to the latent's
  int layers_per_block = 0;             // the decoder has one resnet more a level
  int norm_num_groups = 0;
  bool mid_block_add_attention = true;
  bool use_post_quant_conv = true;
  float scaling_factor = 1.0f;

  // How many pixels wide a latent's pixel becomes: 2 to the number of levels less one.
  int upscale() const;
};

enum class PredictionType { kEpsilon, kVPrediction, kSample };

// scheduler/scheduler_config.json.
struct SchedulerConfig {
  int num_train_timesteps = 1000;
  double beta_start = 0.00085;
  double beta_end = 0.012;
  bool rescale_betas_zero_snr = false;
  PredictionType prediction_type = PredictionType::kEpsilon;
  std::vector<int> timesteps = {999};  // descending; what the model was fine-tuned to be run at
};

// Each reads one file's text; `origin` is the file's name for the messages.
Result<TextEncoderConfig> parse_text_encoder_config(std::string_view json, const std::string& origin);
Result<UNetConfig> parse_unet_config(std::string_view json, const std::string& origin);
Result<DecoderConfig> parse_decoder_config(std::string_view json, const std::string& origin);
Result<SchedulerConfig> parse_scheduler_config(std::string_view json, const std::string& origin);

}  // namespace mobilediffusion
