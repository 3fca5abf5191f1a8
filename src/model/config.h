// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a model folder's JSON files say, as types: one struct a network. The readers (config.cc) check every value
// against its range and name the file, the key, the expected and the found, so that the networks need not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
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
enum class FeedForwardGate { kSilu, kGelu };

// One resolution of the UNet.
struct UNetLevel {
  int channels = 0;
  int resnets = 0;                // on the way down
  int transformer_layers = 0;     // transformer blocks behind each of them; 0: none
  int up_resnets = 0;             // on the way up, likewise
  int up_transformer_layers = 0;  //
  int heads = 1;
  bool self_attention = false;        // whether transformers attend to the picture as well as to the text
  bool only_cross_attention = false;  // ... and read the text in its place
  bool separable = false;             // depthwise + pointwise in place of plain 3x3 convolutions
  bool downsample = false;            // whether a stride-2 convolution leads to the next level; false on the last
};

// The block at the lowest resolution, as wide as the last level: a resnet, transformer blocks, a resnet.
struct UNetMiddle {
  int transformer_layers = 0;
  int heads = 1;
  bool separable = false;
};

// Of a latent.
struct LatentSize {
  int height = 0;
  int width = 0;

  bool operator==(const LatentSize&) const = default;
};

// What a file calls those parts that not every UNet calls the same.
struct UNetNames {
  const char* downsampler = "downsampler";
  const char* upsampler = "upsampler";
  const char* feed_forward_in = "ff.proj";
  const char* feed_forward_out = "ff.out";
};

// unet/config.json: MobileDiffusionUNet, and diffusers' UNet2DConditionModel. The defaults are the former's.
struct UNetConfig {
  int in_channels = 0;
  int out_channels = 0;
  std::vector<UNetLevel> levels;
  std::optional<UNetMiddle> middle;
  int cross_attention_dim = 0;
  int feed_forward_ratio = 0;  // of what goes into the gate, both halves, to the width
  int norm_num_groups = 0;
  float norm_eps = 1e-5f;
  AttentionKind attention_kind = AttentionKind::kSoftmax;
  FeedForwardGate feed_forward_gate = FeedForwardGate::kSilu;
  bool shared_key_value = true;          // one projection serves as keys and as values
  bool convolution_projections = false;  // a transformer's ends are stored as 1x1 convolutions
  bool skips_from_samplers = false;      // the way up also sees what conv_in and the downsamplers gave
  int conv_in_kernel = 3;
  int conv_out_kernel = 3;
  int time_embedding_dim = 0;
  bool cosines_first = true;  // in the timestep's sinusoid
  int frequency_shift = 0;
  int time_cond_proj_dim = 0;  // width of the guidance embedding that the network was distilled with; 0: none
  int sample_size = 0;         // the latent's side that the model was made for, where no size is asked for
  std::vector<LatentSize> sample_sizes = {};  // all that it was made for
  UNetNames names;

  // Width and height of a latent must be multiples of this: 2 to the number of downsamplers.
  int latent_multiple() const;
};

// AutoencoderKL.
struct KlDecoderConfig {
  std::vector<int> block_out_channels;  // from the picture's side to the latent's
  int layers_per_block = 0;             // the encoder's resnets a level; the decoder has one more
  int norm_num_groups = 0;
  bool mid_block_add_attention = true;
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;
};

// AutoencoderTiny.
struct TinyDecoderConfig {
  int channels = 0;
  std::vector<int> blocks;  // of each level, from the latent's side to the picture's
  int encoder_channels = 0;
  std::vector<int> encoder_blocks;  // from the picture's side to the latent's
};

// An autoencoder, its decoder and its encoder: vae/config.json.
struct DecoderConfig {
  int latent_channels = 0;
  int out_channels = 0;
  float scaling_factor = 1.0f;  // the decoder reads x0 / scaling_factor + shift_factor, the encoder writes it
  float shift_factor = 0.0f;
  bool force_upcast = false;  // its activations leave half's range: never computed in less than float32
  std::variant<KlDecoderConfig, TinyDecoderConfig> network;

  // How many pixels wide a latent's pixel becomes: 2 to the number of levels less one.
  int upscale() const;
};

enum class PredictionType { kEpsilon, kVPrediction, kSample };
enum class BetaSchedule { kLinear, kScaledLinear, kSquaredCosine };
enum class TimestepSpacing { kLeading, kTrailing, kLinspace };

// scheduler/scheduler_config.json. The defaults are DiffusionGANScheduler's; those of diffusers' classes are theirs.
struct SchedulerConfig {
  // What the network was trained with.
  int num_train_timesteps = 1000;
  double beta_start = 0.00085;
  double beta_end = 0.012;
  BetaSchedule beta_schedule = BetaSchedule::kScaledLinear;
  std::vector<double> trained_betas;  // one a timestep, in place of the schedule; empty: none
  bool rescale_betas_zero_snr = false;
  PredictionType prediction_type = PredictionType::kEpsilon;
  std::vector<int> timesteps = {999};  // descending; what a one-step model was fine-tuned to be run at

  // How it is sampled from. What a file does not say is the sampler's own to choose, as each of diffusers' classes
  // does.
  std::string sampler = "gan";  // of sampler.h; empty: the file names a class that is not supported
  std::string class_name;       // as the file has it
  int steps = 0;                // where the caller names no number; 0: as many as `timesteps`
  float guidance = 1.0f;        // likewise; 1: off
  std::optional<TimestepSpacing> timestep_spacing = TimestepSpacing::kTrailing;
  int steps_offset = 0;                         // added to every timestep that is spaced "leading"
  std::optional<bool> set_alpha_to_one = true;  // the last step ends at alpha-bar 1, else at alpha-bar(0)
  std::optional<bool> clip_sample = false;      // x0 is clipped,
  double clip_sample_range = 1.0;               // to plus and minus this
  bool use_karras_sigmas = false;               // Karras et al.'s spacing of noise levels in place of the above
  bool use_exponential_sigmas = false;          // noise levels even in their logarithms, likewise
  bool final_sigma_is_zero = true;              // the last step ends without noise, else with that of timestep 0
  int solver_order = 2;                         // of the multistep solvers, 1 to 3
  bool heun = false;                            // DPM-Solver's second order by Heun, else by the midpoint
  bool bh1 = false;                             // UniPC's B(h) is h, else e^h - 1
  bool predict_x0 = true;                       // UniPC extrapolates x0, else the noise
  std::vector<int> disable_corrector;           // the steps that UniPC does not correct
  bool fixed_large = false;                     // DDPM's variance is beta, else the posterior's
  bool lower_order_final = true;                // the solvers' last steps are of lower order, of some where under 15
  bool euler_at_final = false;                  // ... and always
  int original_inference_steps = 50;            // of the solver that a consistency model was distilled from
  double timestep_scaling = 10.0;               // LCM: how fast its boundary condition lets go of x_t

  // Why the sampler of the file's class cannot do as the file says. Any other sampler can be asked for.
  std::string refused_sampler;
  Status refusal;

  // Steps where the caller names none.
  int usual_steps() const { return steps != 0 ? steps : static_cast<int>(timesteps.size()); }
};

// Each reads one file's text; `origin` is the file's name for the messages.
Result<TextEncoderConfig> parse_text_encoder_config(std::string_view json, const std::string& origin);
Result<UNetConfig> parse_unet_config(std::string_view json, const std::string& origin);
Result<DecoderConfig> parse_decoder_config(std::string_view json, const std::string& origin);
// `class_name` is the class of a scheduler whose file names none: what model_index.json says.
Result<SchedulerConfig> parse_scheduler_config(std::string_view json, const std::string& origin,
                                               const std::string& class_name = "DiffusionGANScheduler");

}  // namespace mobilediffusion
