// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the tests of LoRAs share: files made on the spot, the definition by hand, and a model's weight with a LoRA on
// it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/network_slot.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/sampling/noise.h"
#include "src/weights/file_weights.h"
#include "src/weights/lora.h"
#include "src/weights/tensor_values.h"
#include "tests/small_model.h"

namespace mobilediffusion::lora_test {

constexpr const char* kUNetFile = "unet/diffusion_pytorch_model.safetensors";

struct Values {
  std::vector<int64_t> shape;
  std::vector<float> values;
};
using File = std::map<std::string, Values>;

inline Values random(std::vector<int64_t> shape, uint64_t seed, float scale = 0.2f) {
  int64_t count = 1;
  for (const int64_t extent : shape) count *= extent;
  Values made{std::move(shape), std::vector<float>(static_cast<size_t>(count))};
  fill_normal(seed, 0, 0, made.values);
  for (float& value : made.values) value *= scale;
  return made;
}

inline void write(const std::string& path, const File& file, const Safetensors::Metadata& metadata = {}) {
  std::vector<TensorSource> tensors;
  for (const auto& [name, tensor] : file) tensors.push_back(float32_tensor(name, tensor.shape, tensor.values));
  const Status status = write_safetensors(path, tensors, metadata);
  ASSERT_TRUE(status.ok()) << status.message();
}

inline File read(const SourcePath& path) {
  const auto mapped = path.open();
  const auto tensors = Safetensors::parse(mapped->bytes(), path.string());
  File file;
  for (const auto& [name, entry] : tensors->entries()) file[name] = {entry.shape, *to_float32(name, entry)};
  return file;
}

// The definition: (out, in * kernel * kernel) += scale * up * down.
inline void add_by_hand(Values& weight, const Values& up, const Values& down, double scale) {
  const size_t rows = static_cast<size_t>(weight.shape[0]), rank = static_cast<size_t>(down.shape[0]);
  const size_t columns = weight.values.size() / rows;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (size_t r = 0; r < rank; ++r) sum += double{up.values[i * rank + r]} * down.values[r * columns + j];
      weight.values[i * columns + j] += static_cast<float>(scale * sum);
    }
  }
}

inline std::string replaced(std::string text, char from, char to) {
  for (char& c : text) c = c == from ? to : c;
  return text;
}

inline ModelFolder golden(const std::string& name) {
  auto model = open_model_folder(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/goldens/" + name);
  EXPECT_TRUE(model.ok()) << model.status().message();
  return *model;
}

// As the loader opens them.
inline Result<std::shared_ptr<const Loras>> open_loras(const std::vector<Lora>& wanted, const ModelFolder& model) {
  const NetworkSlot<TextEncoder, TextEncoderConfig> text_encoder("text_encoder", model.text_encoder_weights(),
                                                                 model.text_encoder);
  const NetworkSlot<UNet, UNetConfig> unet("unet", model.unet_weights(), model.unet);
  return Loras::open(wanted, {{"text_encoder", *text_encoder.tensors()}, {"unet", *unet.tensors()}},
                     model.path.string());
}

// A weight of the golden model with a LoRA on it, as the network would get it.
class LoraTest : public testing::Test {
 protected:
  struct Family {
    const char* description;
    std::string down, up;  // the whole names
  };

  // By every name there is, but kohya's alpha.
  static std::vector<Family> families(const std::string& layer) {
    const std::string kohya = "lora_unet_" + replaced(layer, '.', '_');
    std::vector<Family> all = {
        {"kohya", kohya + ".lora_down.weight", kohya + ".lora_up.weight"},
        {"peft", "unet." + layer + ".lora_A.weight", "unet." + layer + ".lora_B.weight"},
        {"peft without the network", layer + ".lora_A.weight", layer + ".lora_B.weight"},
        {"peft itself", "base_model.model." + layer + ".lora_A.default.weight",
         "base_model.model." + layer + ".lora_B.default.weight"},
        {"peft's second adapter", "base_model.model." + layer + ".lora_A.default_0.weight",
         "base_model.model." + layer + ".lora_B.default_0.weight"},
        {"peft within diffusers", "unet.base_model.model." + layer + ".lora_A.weight",
         "unet.base_model.model." + layer + ".lora_B.weight"},
        {"peft of kohya's names", "base_model.model." + kohya + ".lora_A.weight",
         "base_model.model." + kohya + ".lora_B.weight"},
        {"others' prefix", "diffusion_model." + layer + ".lora_A.weight",
         "diffusion_model." + layer + ".lora_B.weight"},
        {"diffusers", "unet." + layer + ".lora.down.weight", "unet." + layer + ".lora.up.weight"},
    };
    const size_t dot = layer.find(".to_q");
    if (dot != std::string::npos) {
      const std::string old = "unet." + layer.substr(0, dot) + ".processor." + layer.substr(dot + 1) + "_lora.";
      all.push_back({"diffusers' first", old + "down.weight", old + "up.weight"});
    }
    return all;
  }

  Result<std::shared_ptr<const Loras>> open(const File& file, float weight = 1.0f,
                                            const Safetensors::Metadata& metadata = {}) {
    write(path_, file, metadata);
    return open_loras({{path_, weight}}, model_);
  }

  // What the UNet gets under a name.
  static std::vector<float> changed(const Loras& loras, const ModelFolder& model, const std::string& name) {
    auto whole = FileWeights::open(model.unet_weights());
    ChangedWeights weights(**whole, "unet", loras.changes("unet"), nullptr);
    const std::vector<int64_t> shape = read(model.unet_weights()).at(name).shape;
    const kernels::WeightView view = weights.get(name, shape);
    Status status;
    std::vector<float> values = kernels::to_float32(view, name, status);
    EXPECT_TRUE(status.ok() && weights.status().ok()) << status.message() << weights.status().message();
    weights.release(view);
    return values;
  }

  static void expect_close(const std::vector<float>& found, const std::vector<float>& expected,
                           const std::string& what) {
    ASSERT_EQ(found.size(), expected.size());
    float error = 0;
    for (size_t i = 0; i < found.size(); ++i) error = std::max(error, std::abs(found[i] - expected[i]));
    EXPECT_LE(error, 1e-5f) << what;
  }

  void expect_refused(const File& file, StatusCode code, const std::vector<std::string>& saying) {
    const auto loras = open(file);
    EXPECT_EQ(loras.status().code(), code) << loras.status().message();
    for (const std::string& words : saying)
      EXPECT_NE(loras.status().message().find(words), std::string::npos) << loras.status().message();
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.path("lora.safetensors");
  const ModelFolder model_ = golden("diffusers-kl");
  const std::string to_q_ = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q";
};

}  // namespace mobilediffusion::lora_test
