// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the readers of configurations share: bounds, and checks that name what does not fit.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/files/in_message.h"
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
    add_to_list(names, name);
  }
  json.fail("has an unknown \"" + std::string(key) + "\": \"" + in_message(found) + "\"; supported: " + names,
            StatusCode::kUnsupported);
  return choices.begin()->second;
}

// Whether a value is the scalar given, or a list of it, one a level.
inline bool is_all(const nlohmann::json& value, const nlohmann::json& wanted) {
  if (!value.is_array() || value.empty()) return value == wanted;
  return std::all_of(value.begin(), value.end(), [&](const nlohmann::json& entry) { return entry == wanted; });
}

// Each of these keys must be absent, null or have the value given, a scalar: another asks for what is not built.
inline void require_values(JsonReader& json, std::initializer_list<std::pair<const char*, nlohmann::json>> supported) {
  for (const auto& [key, value] : supported) {
    if (!json.status().ok() || !json.has(key) || is_all(json.object()[key], value)) continue;
    json.fail(
        std::string("has \"") + key + "\": " + in_message(json.object()[key].dump()) + "; supported: " + value.dump(),
        StatusCode::kUnsupported);
  }
}

// "act_fn" must be this activation by one of its names, in letters of any case, as diffusers reads it.
inline void require_activation(JsonReader& json, std::initializer_list<const char*> names) {
  if (!json.status().ok() || !json.has("act_fn")) return;
  std::string found = json.string("act_fn");
  std::transform(found.begin(), found.end(), found.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (std::none_of(names.begin(), names.end(), [&](const char* name) { return found == name; }) && json.status().ok())
    json.fail("has \"act_fn\": \"" + in_message(found) + "\"; supported: \"" + *names.begin() + "\"",
              StatusCode::kUnsupported);
}

// "sample_size": a number, or a list of height and width, which are the same.
inline int read_sample_size(JsonReader& json, std::optional<int> fallback) {
  constexpr int64_t kMost = 4096;
  if (json.has("sample_size") && json.object()["sample_size"].is_array()) {
    const std::vector<int> sides = json.integers("sample_size", 2, 2, 1, kMost);
    if (!json.status().ok()) return 1;
    if (sides[0] != sides[1])
      json.fail("has a \"sample_size\" of " + number(sides[0]) + " by " + number(sides[1]) +
                    "; supported: a square's",
                StatusCode::kUnsupported);
    return sides[0];
  }
  return static_cast<int>(fallback ? json.integer("sample_size", 1, kMost, *fallback)
                                   : json.integer("sample_size", 1, kMost));
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
