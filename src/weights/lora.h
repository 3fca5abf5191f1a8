// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// LoRA files (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021): small changes to a model's
// weights, W + weight * scale * up * down, added when the weights are read, before they are packed.
//
// The names that are read are lora_names.h's. The scale is alpha / rank; alpha is the tensor beside them ("....alpha"),
// or what the metadata of diffusers or PEFT's adapter_config.json beside the file say (lora_settings.h); without any of
// them the scale is 1.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "mobilediffusion/options.h"
#include "src/files/mapped_file.h"
#include "src/weights/lora_names.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// One change to one weight of `rows` by `columns`, views of a mapped file.
struct LowRankChange {
  std::string name;              // of the pair, with its file
  kernels::WeightView up, down;  // (rows, rank), (rank, columns)
  int64_t rank = 0;
  float scale = 1;  // weight and alpha in it
};

// The changes to one network, by the name of the weight.
using LowRankChanges = std::map<std::string, std::vector<LowRankChange>, std::less<>>;

class Loras {
 public:
  using NetworkTensors = LoraTargets::NetworkTensors;

  // Reads the files' headers and sees that all of it fits the networks; `model` is what messages call their model. A
  // path is a file's or a folder's, with adapter_model.safetensors or pytorch_lora_weights.safetensors in it. Errors:
  // kNotFound, kIoError, kInvalidArgument (a weight that is no number), kInvalidModel (a file that is none, made for
  // another model, or whose ranks do not fit), kUnsupported (LoHa, LoKr, DoRA and others).
  static Result<std::shared_ptr<const Loras>> open(const std::vector<Lora>& wanted, const NetworkTensors& networks,
                                                   const std::string& model);

  // What changes a network, "unet" or "text_encoder".
  const LowRankChanges& changes(std::string_view network) const;

  // Tells apart what changes a network: the files' contents and weights. Empty where nothing does.
  const std::string& identity(std::string_view network) const;

 private:
  struct Network {
    LowRankChanges changes;
    std::string identity;
  };
  Network& network(std::string_view name);
  Status add(const Lora& lora, const LoraTargets& targets, const std::string& model);

  std::vector<MappedFile> files_;
  std::map<std::string, Network, std::less<>> networks_;
};

// The weights of `whole` with the changes added, in float32; what nothing changes is handed on. What `packed` holds of
// the network is not read by its operators, so nothing is added there.
class ChangedWeights : public WeightSource {
 public:
  ChangedWeights(WeightSource& whole, std::string network, const LowRankChanges& changes,
                 const kernels::PackedWeights* packed)
      : whole_(&whole), network_(std::move(network)), changes_(&changes), packed_(packed) {}

  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override;
  bool has(const std::string& name) const override { return whole_->has(name); }
  void release(const kernels::WeightView& weight) override;
  void announce(kernels::Precision precision) override { whole_->announce(precision); }

 private:
  WeightSource* whole_;
  std::string network_;
  const LowRankChanges* changes_;
  const kernels::PackedWeights* packed_;
  std::map<const void*, std::vector<float>> sums_;  // by where they begin, until they are released
};

}  // namespace mobilediffusion
