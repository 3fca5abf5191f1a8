// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a LoRA's tensors are called, and which weights of a model their layers are.
//
// Read are the names that kohya's scripts write ("lora_unet_..._to_q.lora_down.weight", "lora_te_..."), peft's
// ("base_model.model....to_q.lora_A.default.weight", by any name of the adapter) and diffusers'
// ("unet....to_q.lora_A.weight", "...to_q.lora.down.weight", "...processor.to_q_lora.down.weight",
// "text_encoder....q_proj.lora_linear_layer.down.weight"); of layers also those of the original Stable Diffusion
// ("lora_unet_input_blocks_1_1_...", "model.diffusion_model.input_blocks.1.1....").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

inline constexpr std::string_view kWeight = ".weight";  // how the name of a layer's tensor ends

enum class LoraPart { kUp, kDown, kAlpha };

struct LoraTensorName {
  std::string layer;
  LoraPart part = LoraPart::kUp;
  bool by_peft = false;  // lora_A and lora_B, whose alpha is said elsewhere
};

// Errors, which begin with the file's `path`: kUnsupported for another way to change a weight (LoHa, LoKr, DoRA ...),
// by its name.
Result<LoraTensorName> parse_lora_tensor_name(const std::string& name, const std::string& path);

// The weights that can be changed.
class LoraTargets {
 public:
  // The tensors of the networks that can be changed, "unet" and "text_encoder".
  using NetworkTensors = std::map<std::string, std::vector<ManifestWeights::Entry>, std::less<>>;

  struct Target {
    std::string network;
    std::string layer;  // its name within the network, as the file has it
    const ManifestWeights::Entry* tensor = nullptr;
  };

  // `networks` must outlive this.
  explicit LoraTargets(const NetworkTensors& networks);

  // The weight of a layer. Its tensor is null where there is none.
  Target find(std::string_view layer) const;

 private:
  // By their names with every dot an underscore: kohya's names cannot be told back.
  using ByFlatName = std::map<std::string, const ManifestWeights::Entry*, std::less<>>;
  std::map<std::string, ByFlatName, std::less<>> networks_;
};

}  // namespace mobilediffusion
