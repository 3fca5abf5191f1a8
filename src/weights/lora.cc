// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/lora.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "kernels/linear/low_rank.h"
#include "src/features/features.h"
#include "src/files/digest.h"
#include "src/files/file_source.h"
#include "src/files/in_message.h"
#include "src/files/json_reader.h"
#include "src/weights/file_weights.h"
#include "src/weights/lora_settings.h"
#include "src/weights/tensor_values.h"

namespace mobilediffusion {
namespace {

constexpr double kLargestScale = 1e6;

Status invalid(const std::string& what) { return Status(StatusCode::kInvalidModel, what); }

// What a LoRA says of one layer.
struct Layer {
  const TensorEntry* up = nullptr;
  const TensorEntry* down = nullptr;
  const TensorEntry* alpha = nullptr;
  bool by_peft = false;

  const TensorEntry*& part(LoraPart which) {
    return which == LoraPart::kUp ? up : which == LoraPart::kDown ? down : alpha;
  }
};

// The layers of a file, by their names there.
Result<std::map<std::string, Layer>> layers_of(const Safetensors& file, const std::string& path) {
  std::map<std::string, Layer> layers;
  for (const auto& [name, tensor] : file.entries()) {
    const Result<LoraTensorName> parsed = parse_lora_tensor_name(name, path);
    if (!parsed.ok()) return parsed.status();
    Layer& layer = layers[parsed->layer];
    const TensorEntry*& part = layer.part(parsed->part);
    if (part != nullptr)
      return invalid(path + ": the layer " + in_message(parsed->layer) + " has its " +
                     in_message(name.substr(parsed->layer.size() + 1)) + " twice");
    part = &tensor;
    layer.by_peft = layer.by_peft || parsed->by_peft;
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

// A tensor of one number, of whatever type: scripts write alpha as an integer too.
Result<double> one_number(const std::string& name, const TensorEntry& tensor) {
  const auto wrong = [&](StatusCode code, const std::string& found) {
    return Status(code, name + " must be one number, " + std::to_string(static_cast<int>(kLargestScale)) +
                            " at most, and is " + found);
  };
  const auto as = [&]<typename Number>(Number value) {
    std::memcpy(&value, tensor.data.data(), sizeof value);
    return static_cast<double>(value);
  };
  const std::string& type = tensor.dtype;
  const size_t size = tensor.data.size();
  const std::optional<kernels::DataType> of_weights = data_type(type);
  double value = 0;
  if (type == "F64" && size == 8) {
    value = as(double{});
  } else if (type == "I64" && size == 8) {
    value = as(int64_t{});
  } else if (type == "U64" && size == 8) {
    value = as(uint64_t{});
  } else if (type == "I32" && size == 4) {
    value = as(int32_t{});
  } else if (type == "U32" && size == 4) {
    value = as(uint32_t{});
  } else if (type == "I16" && size == 2) {
    value = as(int16_t{});
  } else if (type == "U16" && size == 2) {
    value = as(uint16_t{});
  } else if (type == "I8" && size == 1) {
    value = as(int8_t{});
  } else if (type == "U8" && size == 1) {
    value = as(uint8_t{});
  } else if (of_weights && size == kernels::size_of(*of_weights)) {
    const Result<std::vector<float>> read = to_float32(name, tensor);
    if (!read.ok()) return read.status();
    value = read->front();
  } else {
    return wrong(StatusCode::kInvalidModel, type + " " + in_message(tensor.shape));
  }
  if (!std::isfinite(value)) return wrong(StatusCode::kNonFinite, "not finite");
  if (std::abs(value) > kLargestScale) return wrong(StatusCode::kInvalidModel, std::to_string(value));
  return value;
}

// What stands beside the tensors: the file's metadata for each network, and PEFT's adapter_config.json.
class Settings {
 public:
  static Result<Settings> read(const Safetensors& file, const SourcePath& path,
                               const std::map<std::string, Layer>& layers) {
    Settings settings;
    if (const auto found = file.metadata().find("lora_adapter_metadata"); found != file.metadata().end()) {
      for (const std::string network : {"unet", "text_encoder"}) {
        Result<std::optional<LoraSettings>> of_network =
            LoraSettings::parse(found->second, path.string() + "'s lora_adapter_metadata", network + ".");
        if (!of_network.ok()) return of_network.status();
        if (*of_network) settings.of_networks_.emplace(network, std::move(**of_network));
      }
    }
    const auto wants = [](const auto& layer) { return layer.second.by_peft && layer.second.alpha == nullptr; };
    const SourcePath beside = path.sibling("adapter_config.json");
    if (std::none_of(layers.begin(), layers.end(), wants) || !beside.exists()) return settings;
    Result<std::string> text = read_text_file(beside);
    if (!text.ok()) return text.status();
    Result<std::optional<LoraSettings>> of_file = LoraSettings::parse(*text, beside.string(), "");
    if (!of_file.ok()) return of_file.status();
    settings.of_file_ = std::move(*of_file);
    settings.identity_ = to_hex(digest(std::as_bytes(std::span(*text))));
    return settings;
  }

  Result<double> scale(const std::string& path, const std::string& name, const Layer& layer,
                       const LoraTargets::Target& target, int64_t rank) const {
    if (layer.alpha != nullptr) {
      const Result<double> alpha = one_number(path + ": " + in_message(name) + ".alpha", *layer.alpha);
      if (!alpha.ok()) return alpha.status();
      return *alpha / static_cast<double>(rank);
    }
    const auto of_network = of_networks_.find(target.network);
    if (of_network != of_networks_.end()) return of_network->second.scale(target.layer, rank);
    if (of_file_ && layer.by_peft) return of_file_->scale(target.layer, rank);
    return 1.0;
  }

  // Of what the file itself does not hold.
  const std::string& identity() const { return identity_; }

 private:
  std::map<std::string, LoraSettings> of_networks_;
  std::optional<LoraSettings> of_file_;
  std::string identity_;
};

// The pair of a layer, seen to fit the weight that it changes.
Result<LowRankChange> change_of(const std::string& path, const std::string& layer_name, const Layer& layer,
                                const ManifestWeights::Entry& target) {
  const std::string name = path + ": the layer " + in_message(layer_name);
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
  Result<kernels::WeightView> up_view = view_of(path, layer_name + "'s up", *layer.up);
  if (!up_view.ok()) return up_view.status();
  Result<kernels::WeightView> down_view = view_of(path, layer_name + "'s down", *layer.down);
  if (!down_view.ok()) return down_view.status();
  return LowRankChange{path + ": " + in_message(layer_name), std::move(*up_view), std::move(*down_view), rank, 1.0f};
}

bool is_pickle(std::string_view path) {
  return path.ends_with(".bin") || path.ends_with(".ckpt") || path.ends_with(".pt") || path.ends_with(".pth");
}

Status refuse_pickle(const std::string& path) {
  return Status(StatusCode::kUnsupported,
                path + " is a pickle, which can run any code when it is read: fetch the .safetensors of this LoRA");
}

// A LoRA's file: itself, or the one in a folder.
Result<SourcePath> find_lora(const SourcePath& path) {
  if (is_pickle(path.name())) return refuse_pickle(path.string());
  if (!path.is_folder()) return path;
  for (const char* usual : {"adapter_model.safetensors", "pytorch_lora_weights.safetensors"}) {
    if (const SourcePath file = path / usual; file.exists()) return file;
  }
  std::vector<std::string> files;
  std::string found;
  for (const std::string& leaf : path.list()) {
    if (leaf.ends_with(".safetensors")) files.push_back(leaf);
    add_to_list(found, in_message(leaf));
  }
  if (files.size() == 1) return path / files.front();
  for (const char* pickle : {"adapter_model.bin", "pytorch_lora_weights.bin"}) {
    if (files.empty() && (path / pickle).exists()) return refuse_pickle((path / pickle).string());
  }
  return Status(StatusCode::kNotFound,
                path.string() +
                    " has neither adapter_model.safetensors nor pytorch_lora_weights.safetensors; name one of " +
                    "its files. It has: " + (found.empty() ? "nothing" : found));
}

}  // namespace

Loras::Network& Loras::network(std::string_view name) { return networks_[std::string(name)]; }

Result<std::shared_ptr<const Loras>> Loras::open(const std::vector<Lora>& wanted, const NetworkTensors& networks,
                                                 const std::string& model) {
  if constexpr (!features::kLora) return features::missing("LoRAs");
  auto loras = std::make_shared<Loras>();
  const LoraTargets targets(networks);
  for (const Lora& lora : wanted) {
    if (Status status = loras->add(lora, targets, model); !status.ok()) return status;
  }
  return std::shared_ptr<const Loras>(std::move(loras));
}

Status Loras::add(const Lora& lora, const LoraTargets& targets, const std::string& model) {
  if (!(std::abs(lora.weight) <= kLargestScale))
    return Status(StatusCode::kInvalidArgument, "the weight of the LoRA " + lora.path + " must be a number, " +
                                                    std::to_string(static_cast<int>(kLargestScale)) + " at most");
  const Result<SourcePath> found = find_lora(lora.path);
  if (!found.ok()) return found.status();
  const std::string path = found->string();
  Result<MappedFile> mapped = found->open();
  if (!mapped.ok()) return mapped.status();
  const Result<Safetensors> file = Safetensors::parse(mapped->bytes(), path);
  if (!file.ok()) return file.status();
  const auto layers = layers_of(*file, path);
  if (!layers.ok()) return layers.status();
  const Result<Settings> settings = Settings::read(*file, *found, *layers);
  if (!settings.ok()) return settings.status();

  size_t strangers = 0;
  std::string first;
  std::map<std::pair<std::string, std::string>, std::string> changed;  // a network's tensor, by which layer
  for (const auto& [name, layer] : *layers) {
    const LoraTargets::Target target = targets.find(name);
    if (target.tensor == nullptr) {
      if (strangers++ == 0) first = name;
      continue;
    }
    const auto [before, is_new] = changed.emplace(std::pair{target.network, target.tensor->name}, name);
    if (!is_new) {
      return invalid(path + " changes " + target.tensor->name + " twice, by " + in_message(before->second) +
                     " and by " + in_message(name));
    }
  }
  if (strangers > 0) {
    return invalid(path + " was made for another model: of the " + std::to_string(layers->size()) +
                   " layers that it changes, " + std::to_string(strangers) + " are not in " + model +
                   ", the first of them " + in_message(first));
  }
  for (const auto& [name, layer] : *layers) {
    const LoraTargets::Target target = targets.find(name);
    Result<LowRankChange> change = change_of(path, name, layer, *target.tensor);
    if (!change.ok()) return change.status();
    const Result<double> scale = settings->scale(path, name, layer, target, change->rank);
    if (!scale.ok()) return scale.status();
    change->scale = static_cast<float>(*scale * lora.weight);
    network(target.network).changes[target.tensor->name].push_back(std::move(*change));
  }
  const std::string identity =
      to_hex(digest(mapped->bytes())) + settings->identity() + " " + std::to_string(lora.weight) + "\n";
  for (const char* each : {"text_encoder", "unet"}) {
    const auto touched = changed.lower_bound({each, ""});
    if (touched != changed.end() && touched->first.first == each) network(each).identity += identity;
  }
  files_.push_back(std::move(*mapped));
  return {};
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
  if constexpr (!features::kLora) return view;
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
