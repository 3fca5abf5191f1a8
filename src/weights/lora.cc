// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/lora.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "kernels/linear/low_rank.h"
#include "src/files/digest.h"
#include "src/files/json_reader.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kWeight = ".weight";
constexpr double kLargestScale = 1e6;

Status invalid(const std::string& what) { return Status(StatusCode::kInvalidModel, what); }

// The weights that can be changed, by their names with every dot an underscore: kohya's names cannot be told back.
using Targets = std::map<std::string, ManifestWeights::Entry, std::less<>>;

std::string flat(std::string_view name) {
  std::string changed(name);
  std::replace(changed.begin(), changed.end(), '.', '_');
  return changed;
}

Targets targets_among(const std::vector<ManifestWeights::Entry>& tensors) {
  Targets targets;
  for (const ManifestWeights::Entry& entry : tensors) {
    const std::string_view layer = entry.name;
    if (entry.shape.size() < 2 || !layer.ends_with(kWeight) || layer.ends_with("embedding.weight")) continue;
    targets.emplace(flat(layer.substr(0, layer.size() - kWeight.size())), entry);
  }
  return targets;
}

// What a LoRA says of one layer.
struct Layer {
  std::string name;  // as the file has it
  std::string network;
  const TensorEntry* up = nullptr;
  const TensorEntry* down = nullptr;
  const TensorEntry* alpha = nullptr;
};

struct Suffix {
  std::string_view text;
  const TensorEntry* Layer::*part;
};

constexpr Suffix kSuffixes[] = {
    {".lora_down.weight", &Layer::down},
    {".lora_up.weight", &Layer::up},
    {".alpha", &Layer::alpha},
    {".lora_A.weight", &Layer::down},
    {".lora_B.weight", &Layer::up},
    {".lora_A.default.weight", &Layer::down},
    {".lora_B.default.weight", &Layer::up},
    {".lora.down.weight", &Layer::down},
    {".lora.up.weight", &Layer::up},
    {"_lora.down.weight", &Layer::down},
    {"_lora.up.weight", &Layer::up},
    {".lora_linear_layer.down.weight", &Layer::down},
    {".lora_linear_layer.up.weight", &Layer::up},
};

// Other ways to change a weight, by what only their tensors are called.
struct OtherKind {
  std::string_view part, name;
};

constexpr OtherKind kOtherKinds[] = {{".hada_", "LoHa"},
                                     {".lokr_", "LoKr"},
                                     {".dora_scale", "DoRA"},
                                     {".lora_magnitude_vector", "DoRA"},
                                     {".lora_mid.", "LoCon with a Tucker decomposition"},
                                     {".oft_", "OFT"},
                                     {".on_input", "IA3"},
                                     {".diff", "a full difference"},
                                     {".lora_embedding_", "a change to an embedding table"}};

Status refuse(const std::string& path, const std::string& tensor) {
  for (const OtherKind& kind : kOtherKinds) {
    if (tensor.find(kind.part) == std::string::npos) continue;
    return Status(StatusCode::kUnsupported, path + ": the tensor " + in_message(tensor) + " is of " +
                                                std::string(kind.name) + "; supported: plain LoRA, up and down");
  }
  return Status(StatusCode::kUnsupported,
                path + ": the tensor " + in_message(tensor) +
                    " belongs to no LoRA that is read; supported: lora_down and lora_up, lora_A and lora_B, alpha");
}

bool cut_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return true;
}

// A layer's network and its flat name there, out of any of the ways in which files name it.
std::pair<std::string, std::string> locate(std::string_view name) {
  cut_prefix(name, "base_model.model.");
  std::string network = "unet";
  for (const auto& [prefix, owner] :
       {std::pair{"lora_unet_", "unet"}, std::pair{"unet.", "unet"}, std::pair{"lora_te_", "text_encoder"},
        std::pair{"lora_te1_", "text_encoder"}, std::pair{"text_encoder.", "text_encoder"},
        std::pair{"lora_te2_", "text_encoder_2"}, std::pair{"text_encoder_2.", "text_encoder_2"}}) {
    if (!cut_prefix(name, prefix)) continue;
    network = owner;
    break;
  }
  cut_prefix(name, "base_model.model.");
  if (name.starts_with("text_model.")) network = "text_encoder";
  std::string layer = flat(name);
  constexpr std::string_view kProcessor = "_processor_";
  if (const size_t at = layer.find(kProcessor); at != std::string::npos) layer.replace(at, kProcessor.size(), "_");
  if (layer.ends_with("_to_out")) layer += "_0";  // the older names leave it out
  return {std::move(network), std::move(layer)};
}

// The layers of a file, by network and flat name.
Result<std::map<std::pair<std::string, std::string>, Layer>> layers_of(const Safetensors& file,
                                                                       const std::string& path) {
  std::map<std::pair<std::string, std::string>, Layer> layers;
  for (const auto& [name, tensor] : file.entries()) {
    const auto suffix = std::find_if(std::begin(kSuffixes), std::end(kSuffixes),
                                     [&, &key = name](const Suffix& each) { return key.ends_with(each.text); });
    if (suffix == std::end(kSuffixes)) return refuse(path, name);
    const std::string layer_name = name.substr(0, name.size() - suffix->text.size());
    auto place = locate(layer_name);
    Layer& layer = layers[place];
    layer.name = layer_name;
    layer.network = place.first;
    if (layer.*suffix->part != nullptr)
      return invalid(path + ": the layer " + in_message(layer_name) + " has its " +
                     std::string(suffix->text.substr(1)) + " twice");
    layer.*suffix->part = &tensor;
  }
  if (layers.empty()) return invalid(path + " has no tensors");
  return layers;
}

// A linear's (out, in) and a 1x1 convolution's (out, in, 1, 1) are one matrix.
std::vector<int64_t> matrix_shape(std::vector<int64_t> shape) {
  if (shape.size() == 4 && shape[2] == 1 && shape[3] == 1) shape.resize(2);
  return shape;
}

Result<kernels::WeightView> view_of(const std::string& path, const std::string& name, const TensorEntry& tensor) {
  const std::optional<kernels::DataType> type = data_type(tensor.dtype);
  if (!type || *type == kernels::DataType::kInt8)
    return invalid(path + ": tensor " + in_message(name) + " is " + tensor.dtype + "; supported: F32, F16, BF16");
  return kernels::WeightView{*type, tensor.shape, tensor.data.data()};
}

// What the metadata of newer diffusers say of a network: {"unet.lora_alpha": 8, ...}.
struct AdapterSettings {
  std::optional<double> alpha;
  bool by_square_root = false;  // alpha / sqrt(rank)

  static Result<AdapterSettings> read(const Safetensors& file, const std::string& path, const std::string& network) {
    AdapterSettings settings;
    const auto found = file.metadata().find("lora_adapter_metadata");
    if (found == file.metadata().end()) return settings;
    JsonReader json(found->second, path + "'s lora_adapter_metadata");
    const auto key = [&](const char* name) { return network + "." + name; };
    if (json.has(key("lora_alpha").c_str()))
      settings.alpha = json.number(key("lora_alpha").c_str(), -kLargestScale, kLargestScale);
    settings.by_square_root = json.boolean(key("use_rslora").c_str(), false);
    const std::string pattern = key("alpha_pattern");
    if (json.has(pattern.c_str()) && !json.object()[pattern].empty())
      json.fail("has an \"" + pattern + "\"; supported: one alpha for all layers, or a tensor for each",
                StatusCode::kUnsupported);
    if (!json.status().ok()) return json.status();
    return settings;
  }
};

Result<double> scale_of(const Safetensors& file, const std::string& path, const Layer& layer, int64_t rank) {
  if (layer.alpha != nullptr) {
    const std::string name = path + ": " + in_message(layer.name) + ".alpha";
    const Result<std::vector<float>> alpha = Safetensors::to_float32(name, *layer.alpha);
    if (!alpha.ok()) return alpha.status();
    if (alpha->size() != 1 || !(std::abs(alpha->front()) <= kLargestScale))
      return invalid(name + " must be one number, " + std::to_string(static_cast<int>(kLargestScale)) + " at most");
    return alpha->front() / static_cast<double>(rank);
  }
  const Result<AdapterSettings> settings = AdapterSettings::read(file, path, layer.network);
  if (!settings.ok()) return settings.status();
  if (!settings->alpha) return 1.0;
  const auto width = static_cast<double>(rank);
  return *settings->alpha / (settings->by_square_root ? std::sqrt(width) : width);
}

// The pair of a layer, seen to fit the weight that it changes.
Result<LowRankChange> change_of(const std::string& path, const Layer& layer, const ManifestWeights::Entry& target) {
  const std::string name = path + ": the layer " + in_message(layer.name);
  if (layer.up == nullptr || layer.down == nullptr)
    return invalid(name + " has no " + (layer.up == nullptr ? "up (lora_up, lora_B)" : "down (lora_down, lora_A)"));
  const int64_t rank = layer.down->shape.empty() ? 0 : layer.down->shape[0];
  std::vector<int64_t> down = target.shape;
  down[0] = rank;
  const std::vector<int64_t> up = {target.shape[0], rank};
  if (rank < 1 || matrix_shape(layer.down->shape) != matrix_shape(down) || matrix_shape(layer.up->shape) != up) {
    return invalid(name + " has down " + in_message(layer.down->shape) + " and up " + in_message(layer.up->shape) +
                   "; to " + target.name + " " + in_message(target.shape) + " fit " + in_message(down) + " and " +
                   in_message(up));
  }
  Result<kernels::WeightView> up_view = view_of(path, layer.name + "'s up", *layer.up);
  if (!up_view.ok()) return up_view.status();
  Result<kernels::WeightView> down_view = view_of(path, layer.name + "'s down", *layer.down);
  if (!down_view.ok()) return down_view.status();
  return LowRankChange{path + ": " + in_message(layer.name), std::move(*up_view), std::move(*down_view), rank, 1.0f};
}

bool is_pickle(std::string_view path) {
  return path.ends_with(".bin") || path.ends_with(".ckpt") || path.ends_with(".pt") || path.ends_with(".pth");
}

}  // namespace

Loras::Network& Loras::network(std::string_view name) { return networks_[std::string(name)]; }

Result<std::shared_ptr<const Loras>> Loras::open(const std::vector<Lora>& wanted, const NetworkTensors& networks,
                                                 const std::string& model) {
  auto loras = std::make_shared<Loras>();
  std::map<std::string, Targets> targets = {{"text_encoder_2", {}}};
  for (const auto& [name, tensors] : networks) targets.emplace(name, targets_among(tensors));
  for (const Lora& lora : wanted) {
    const std::string& path = lora.path;
    if (!(std::abs(lora.weight) <= kLargestScale))
      return Status(StatusCode::kInvalidArgument, "the weight of the LoRA " + path + " must be a number, " +
                                                      std::to_string(static_cast<int>(kLargestScale)) + " at most");
    if (is_pickle(path))
      return Status(StatusCode::kUnsupported,
                    path + " is a pickle, which can run any code when it is read: fetch the .safetensors of this LoRA");
    Result<MappedFile> mapped = MappedFile::open(path);
    if (!mapped.ok()) return mapped.status();
    const Result<Safetensors> file = Safetensors::parse(mapped->bytes(), path);
    if (!file.ok()) return file.status();
    const auto layers = layers_of(*file, path);
    if (!layers.ok()) return layers.status();

    size_t strangers = 0;
    std::string first;
    std::map<std::string, bool> touched;
    for (const auto& [place, layer] : *layers) {
      const Targets& known = targets.at(place.first);
      const auto target = known.find(place.second);
      if (target == known.end()) {
        if (strangers++ == 0) first = layer.name;
        continue;
      }
      Result<LowRankChange> change = change_of(path, layer, target->second);
      if (!change.ok()) return change.status();
      const Result<double> scale = scale_of(*file, path, layer, change->rank);
      if (!scale.ok()) return scale.status();
      change->scale = static_cast<float>(*scale * lora.weight);
      loras->network(place.first).changes[target->second.name].push_back(std::move(*change));
      touched[place.first] = true;
    }
    if (strangers > 0) {
      return invalid(path + " was made for another model: of the " + std::to_string(layers->size()) +
                     " layers that it changes, " + std::to_string(strangers) + " are not in " + model +
                     ", the first of them " + in_message(first));
    }
    const std::string identity = to_hex(digest(mapped->bytes())) + " " + std::to_string(lora.weight) + "\n";
    for (const auto& [name, changed] : touched) loras->network(name).identity += identity;
    loras->files_.push_back(std::move(*mapped));
  }
  return std::shared_ptr<const Loras>(std::move(loras));
}

const LowRankChanges& Loras::changes(std::string_view network) const {
  static const LowRankChanges none;
  const auto found = networks_.find(network);
  return found == networks_.end() ? none : found->second.changes;
}

const std::string& Loras::identity(std::string_view network) const {
  static const std::string none;
  const auto found = networks_.find(network);
  return found == networks_.end() ? none : found->second.identity;
}

kernels::WeightView ChangedWeights::get(const std::string& name, std::span<const int64_t> shape) {
  kernels::WeightView view = whole_->get(name, shape);
  if (status().ok()) status() = whole_->status();
  const auto found = changes_->find(name);
  if (!status().ok() || view.data == nullptr || found == changes_->end()) return view;
  const std::string layer = network_ + "." + name;
  if (packed_ != nullptr && packed_->contains(std::string_view(layer).substr(0, layer.size() - kWeight.size())))
    return view;

  std::vector<float> sum = kernels::to_float32(view, layer, status());
  whole_->release(view);
  for (const LowRankChange& change : found->second) {
    const std::vector<float> up = kernels::to_float32(change.up, change.name + "'s up", status());
    const std::vector<float> down = kernels::to_float32(change.down, change.name + "'s down", status());
    kernels::add_low_rank(up, down, change.rank, change.scale, sum);
  }
  const void* const data = sum.data();
  sums_.emplace(data, std::move(sum));
  return {kernels::DataType::kFloat32, std::move(view.shape), data};
}

void ChangedWeights::release(const kernels::WeightView& weight) {
  if (sums_.erase(weight.data) == 0) whole_->release(weight);
}

}  // namespace mobilediffusion
