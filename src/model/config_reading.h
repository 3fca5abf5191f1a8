// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the readers of configurations share: bounds, and checks that name what does not fit.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "src/files/json_reader.h"
#include "src/model/config.h"

namespace mobilediffusion {

// Far above any real model, and low enough that no product of a few of them overflows.
inline constexpr int64_t kMostChannels = 1 << 16;
inline constexpr int64_t kMostLayers = 1 << 10;
inline constexpr size_t kMostLevels = 8;
inline constexpr int64_t kMostBlocks = 1 << 12;  // in all of a UNet, where counts of layers multiply

inline void require(JsonReader& json, bool holds, const std::string& what) {
  if (!holds) json.fail("asks for " + what);
}

inline std::string number(int64_t value) { return std::to_string(value); }

inline void require_divides(JsonReader& json, int64_t divisor, const std::string& divisor_name, int64_t value,
                            const std::string& name) {
  require(json, divisor > 0 && value % divisor == 0,
          name + " " + number(value) + ", which " + divisor_name + " " + number(divisor) + " does not divide");
}

inline void refuse_class(JsonReader& json, const std::string& found, const std::string& supported) {
  json.fail("is of the class " + in_message(found) + "; supported: " + supported, StatusCode::kUnsupported);
}

// "_class_name": a name, or a list that ends with one, as a class of a module of its own is written.
inline std::string read_class_name(JsonReader& json, const std::string& fallback) {
  if (json.has("_class_name") && json.object()["_class_name"].is_array()) {
    const std::vector<std::string> names = json.strings("_class_name", 1, 8);
    return names.empty() ? fallback : names.back();
  }
  return json.string("_class_name", fallback);
}

// One of the named values.
template <typename Enum>
Enum choice(JsonReader& json, const char* key, const std::string& found,
            std::initializer_list<std::pair<const char*, Enum>> choices) {
  std::string names;
  for (const auto& [name, value] : choices) {
    if (found == name) return value;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  json.fail("has an unknown \"" + std::string(key) + "\": \"" + in_message(found) + "\"; supported: " + names,
            StatusCode::kUnsupported);
  return choices.begin()->second;
}

// Each of these keys must be absent, null or have the value given: another asks for what is not built.
inline void require_values(JsonReader& json, std::initializer_list<std::pair<const char*, nlohmann::json>> supported) {
  for (const auto& [key, value] : supported) {
    if (!json.status().ok() || !json.has(key) || json.object()[key] == value) continue;
    json.fail(
        std::string("has \"") + key + "\": " + in_message(json.object()[key].dump()) + "; supported: " + value.dump(),
        StatusCode::kUnsupported);
  }
}

// "sample_sizes", a key of ours: what a model was made for, where that is more than its "sample_size". Sides of
// squares, or lists of a height and a width, as [16, 32, [16, 24]]. Sets sample_sizes alone.
void read_sample_sizes(JsonReader& json, UNetConfig* config);

template <typename Config>
Result<Config> finish(const JsonReader& json, Config config) {
  if (!json.status().ok()) return json.status();
  return config;
}

// The readers of each class of network, behind parse_unet_config() and parse_decoder_config().
Result<UNetConfig> read_diffusers_unet(JsonReader& json);
Result<DecoderConfig> read_kl_decoder(JsonReader& json);
Result<DecoderConfig> read_tiny_decoder(JsonReader& json);

}  // namespace mobilediffusion
