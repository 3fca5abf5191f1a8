// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/lora_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

struct Suffix {
  std::string_view text;
  LoraPart part;
};

constexpr Suffix kSuffixes[] = {
    {".lora_down.weight", LoraPart::kDown},
    {".lora_up.weight", LoraPart::kUp},
    {".alpha", LoraPart::kAlpha},
    {".lora.down.weight", LoraPart::kDown},
    {".lora.up.weight", LoraPart::kUp},
    {"_lora.down.weight", LoraPart::kDown},
    {"_lora.up.weight", LoraPart::kUp},
    {".lora_linear_layer.down.weight", LoraPart::kDown},
    {".lora_linear_layer.up.weight", LoraPart::kUp},
};

// Other ways to change a weight, by what only their tensors are called.
struct OtherKind {
  std::string_view part, name;
  bool at_end = false;
};

constexpr OtherKind kOtherKinds[] = {{".hada_", "LoHa"},
                                     {".lokr_", "LoKr"},
                                     {".dora_scale", "DoRA"},
                                     {".lora_magnitude_vector", "DoRA"},
                                     {".lora_mid.", "LoCon with a Tucker decomposition"},
                                     {".oft_", "OFT"},
                                     {".boft_", "BOFT"},
                                     {".on_input", "IA3"},
                                     {".ia3_", "IA3"},
                                     {".vera_lambda", "VeRA"},
                                     {".lora_E", "AdaLoRA"},
                                     {".diff", "a full difference", true},
                                     {".diff_b", "a full difference", true},
                                     {".w_norm", "a full difference"},
                                     {".b_norm", "a full difference"},
                                     {".set_weight", "a weight in place of the model's"},
                                     {".modules_to_save.", "a weight in place of the model's"},
                                     {".lora_embedding_", "a change to an embedding table"},
                                     {"bundle_emb.", "a textual inversion inside the file"},
                                     {"string_to_param", "a textual inversion"},
                                     {".bias", "LoRA with biases", true}};

bool cut_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

bool cut_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// PEFT's: ".lora_A.weight", or with the adapter's name, which is any but has no dot: ".lora_A.default_0.weight".
std::optional<LoraTensorName> by_peft(std::string_view name) {
  if (!cut_suffix(name, kWeight)) return std::nullopt;
  for (int i = 0; i < 2; ++i) {
    for (const auto& [end, part] : {std::pair{".lora_A", LoraPart::kDown}, std::pair{".lora_B", LoraPart::kUp}}) {
      if (name.ends_with(end)) return LoraTensorName{std::string(name.substr(0, name.size() - 7)), part, true};
    }
    name = name.substr(0, std::min(name.rfind('.'), name.size()));
  }
  return std::nullopt;
}

std::string flat(std::string_view name) {
  std::string changed(name);
  std::replace(changed.begin(), changed.end(), '.', '_');
  return changed;
}

// What names begin with, before the layer's own, and the network that it says. More than one may stand there.
struct Prefix {
  std::string_view text;
  std::string_view network = {};
};

constexpr Prefix kPrefixes[] = {
    {"base_model.model."},
    {"base_model_model_"},
    {"lora_unet_", "unet"},
    {"lora_te_", "text_encoder"},
    {"lora_te1_", "text_encoder"},
    {"lora_te2_", "text_encoder_2"},
    {"lora_te3_", "text_encoder_3"},
    {"lora_transformer_", "transformer"},
    {"lycoris_unet_", "unet"},
    {"lycoris_te_", "text_encoder"},
    {"lycoris_"},
    {"unet.", "unet"},
    {"text_encoder.", "text_encoder"},
    {"text_encoder_2.", "text_encoder_2"},
    {"text_encoder_3.", "text_encoder_3"},
    {"model.diffusion_model.", "unet"},
    {"model_diffusion_model_", "unet"},
    {"diffusion_model.", "unet"},
    {"diffusion_model_", "unet"},
    {"cond_stage_model.transformer.", "text_encoder"},
    {"cond_stage_model_transformer_", "text_encoder"},
    {"cond_stage_model.model.", "text_encoder"},
    {"cond_stage_model_model_", "text_encoder"},
};

// The number at `at` of a name's parts; -1 where there is none.
int number_at(const std::vector<std::string_view>& parts, size_t at) {
  int value = -1;
  if (at < parts.size()) std::from_chars(parts[at].data(), parts[at].data() + parts[at].size(), value);
  return value;
}

std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  for (size_t dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.')) {
    parts.push_back(name.substr(0, dot));
    name.remove_prefix(dot + 1);
  }
  parts.push_back(name);
  return parts;
}

std::string joined(const std::vector<std::string_view>& parts, size_t from) {
  std::string text;
  for (size_t i = from; i < parts.size(); ++i) text += (i > from ? "_" : "") + std::string(parts[i]);
  return text;
}

// The original code of latent diffusion numbers the resnets and samplers of all levels through, in one list on the way
// down ("input_blocks", whose first is conv_in) and one on the way up ("output_blocks").
class OriginalNames {
 public:
  explicit OriginalNames(const std::vector<ManifestWeights::Entry>& tensors) {
    for (const ManifestWeights::Entry& tensor : tensors) {
      const std::vector<std::string_view> parts = parts_of(tensor.name);
      const int block = number_at(parts, 1);
      if (parts.size() < 4 || block < 0) continue;
      const bool down = parts[0] == "down_blocks", up = parts[0] == "up_blocks";
      if (!down && !up) continue;
      Level& level = (down ? down_ : up_)[block];
      if (parts[2] == "resnets") level.resnets = std::max(level.resnets, number_at(parts, 3) + 1);
      if (parts[2] == "attentions") level.attends = true;
      if (parts[2] == "downsamplers") level.sampled = true;
    }
  }

  // Flat. Empty: it has none.
  std::string of(std::string_view layer) const {
    for (const auto& [ours, theirs] : {std::pair{"conv_in", "input_blocks_0_0"},
                                       {"conv_out", "out_2"},
                                       {"time_embedding.linear_1", "time_embed_0"},
                                       {"time_embedding.linear_2", "time_embed_2"}}) {
      if (layer == ours) return theirs;
    }
    const std::vector<std::string_view> parts = parts_of(layer);
    if (parts[0] == "mid_block" && parts.size() > 3) {
      if (parts[1] == "attentions") return "middle_block_1_" + joined(parts, 3);
      return "middle_block_" + std::to_string(2 * number_at(parts, 2)) + "_" + of_resnet(joined(parts, 3));
    }
    const bool down = parts[0] == "down_blocks";
    const int block = number_at(parts, 1), index = number_at(parts, 3);
    const std::map<int, Level>& levels = down ? down_ : up_;
    if ((!down && parts[0] != "up_blocks") || parts.size() < 5 || !levels.contains(block)) return {};
    int first = down ? 1 : 0;
    for (const auto& [number, level] : levels) {
      if (number < block) first += level.resnets + (level.sampled ? 1 : 0);
    }
    const Level& level = levels.at(block);
    const auto place = [&](int at, int part) {
      return (down ? "input_blocks_" : "output_blocks_") + std::to_string(at) + "_" + std::to_string(part) + "_";
    };
    if (parts[2] == "resnets") return place(first + index, 0) + of_resnet(joined(parts, 4));
    if (parts[2] == "attentions") return place(first + index, 1) + joined(parts, 4);
    if (parts[2] == "downsamplers") return place(first + level.resnets, 0) + "op";
    if (parts[2] == "upsamplers") return place(first + level.resnets - 1, level.attends ? 2 : 1) + "conv";
    return {};
  }

 private:
  struct Level {
    int resnets = 0;
    bool attends = false, sampled = false;
  };

  static std::string of_resnet(const std::string& part) {
    for (const auto& [ours, theirs] : {std::pair{"conv1", "in_layers_2"},
                                       {"time_emb_proj", "emb_layers_1"},
                                       {"conv2", "out_layers_3"},
                                       {"conv_shortcut", "skip_connection"}}) {
      if (part == ours) return theirs;
    }
    return part;
  }

  std::map<int, Level> down_, up_;
};

// OpenCLIP's, which Stable Diffusion 2's original files have; its queries, keys and values are one weight. Empty: it
// has none.
std::string open_clip_name(std::string_view layer) {
  if (!cut_prefix(layer, "encoder.layers.")) return {};
  const std::vector<std::string_view> parts = parts_of(layer);
  const std::string part = joined(parts, 1);
  for (const auto& [ours, theirs] :
       {std::pair{"mlp_fc1", "mlp_c_fc"}, {"mlp_fc2", "mlp_c_proj"}, {"self_attn_out_proj", "attn_out_proj"}}) {
    if (part == ours) return "transformer_resblocks_" + std::string(parts[0]) + "_" + theirs;
  }
  return {};
}

}  // namespace

Result<LoraTensorName> parse_lora_tensor_name(const std::string& name, const std::string& path) {
  const auto suffix = std::find_if(std::begin(kSuffixes), std::end(kSuffixes),
                                   [&](const Suffix& each) { return name.ends_with(each.text); });
  if (suffix != std::end(kSuffixes))
    return LoraTensorName{name.substr(0, name.size() - suffix->text.size()), suffix->part};
  if (std::optional<LoraTensorName> found = by_peft(name)) return std::move(*found);
  for (const OtherKind& kind : kOtherKinds) {
    const size_t at = name.find(kind.part);
    if (at == std::string::npos || (kind.at_end && at + kind.part.size() != name.size())) continue;
    return Status(StatusCode::kUnsupported, path + ": the tensor " + in_message(name) + " is of " +
                                                std::string(kind.name) + "; supported: plain LoRA, up and down");
  }
  return Status(StatusCode::kUnsupported,
                path + ": the tensor " + in_message(name) +
                    " belongs to no LoRA that is read; supported: lora_down and lora_up, lora_A and lora_B, alpha");
}

LoraTargets::LoraTargets(const NetworkTensors& networks) {
  for (const auto& [network, tensors] : networks) {
    ByFlatName& targets = networks_[network];
    const OriginalNames original(tensors);
    for (const ManifestWeights::Entry& tensor : tensors) {
      std::string_view layer = tensor.name;
      if (tensor.shape.size() < 2 || !cut_suffix(layer, kWeight) || layer.ends_with("embedding")) continue;
      targets.emplace(flat(layer), &tensor);
      std::vector<std::string> others;
      if (network == "text_encoder") {
        cut_prefix(layer, "text_model.");
        others = {flat(layer), "text_model_" + flat(layer), open_clip_name(layer)};
      } else {
        others = {original.of(layer)};
      }
      for (std::string& other : others) {
        if (!other.empty()) targets.emplace(std::move(other), &tensor);
      }
    }
  }
}

LoraTargets::Target LoraTargets::find(std::string_view name) const {
  Target target;
  for (bool cut = true; cut;) {
    cut = false;
    for (const Prefix& prefix : kPrefixes) {
      if (!cut_prefix(name, prefix.text)) continue;
      if (target.network.empty()) target.network = prefix.network;
      cut = true;
    }
  }
  target.layer = name;
  std::string layer = flat(name);
  constexpr std::string_view kProcessor = "_processor_";
  if (const size_t at = layer.find(kProcessor); at != std::string::npos) layer.replace(at, kProcessor.size(), "_");
  // The older names leave something out, or call a text encoder's projections as the UNet's.
  std::vector<std::string> spellings = {layer, layer + "_0"};
  for (const auto& [theirs, ours] : {std::pair<std::string_view, std::string_view>{"_to_q", "_q_proj"},
                                     {"_to_k", "_k_proj"},
                                     {"_to_v", "_v_proj"},
                                     {"_to_out", "_out_proj"}}) {
    std::string_view start = layer;
    if (cut_suffix(start, theirs)) spellings.push_back(std::string(start) + std::string(ours));
  }
  for (const char* network : {"unet", "text_encoder"}) {
    const auto targets = networks_.find(network);
    if (targets == networks_.end() || (!target.network.empty() && target.network != network)) continue;
    for (const std::string& spelling : spellings) {
      const auto found = targets->second.find(spelling);
      if (found == targets->second.end()) continue;
      target.network = network;
      target.tensor = found->second;
      return target;
    }
  }
  return target;
}

}  // namespace mobilediffusion
