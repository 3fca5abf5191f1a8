// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/lora_settings.h"

#include <algorithm>
#include <cmath>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

constexpr double kLargest = 1e6;   // alpha, rank
constexpr double kUsualAlpha = 8;  // PEFT's, where a file does not say
constexpr size_t kMostPatterns = 1 << 14;

// Null, false, "none", and what is empty ask for nothing.
bool asks_for_nothing(const nlohmann::json& value) {
  return value.is_null() || value == false || is_string(value, "none") || value.empty();
}

// Each of these changes more than a LoRA's pairs say, or computes something else of them.
constexpr const char* kUnsupported[] = {"bias",
                                        "lora_bias",
                                        "modules_to_save",
                                        "layer_replication",
                                        "target_parameters",
                                        "trainable_token_indices",
                                        "megatron_config",
                                        "alora_invocation_tokens",
                                        "arrow_config"};

// These change the model's own weights before the training begins.
constexpr std::string_view kChangingStarts[] = {"pissa", "olora", "corda", "loftq", "lora_ga"};

void require_plain(JsonReader& json, const std::string& prefix) {
  const auto refuse = [&](const std::string& key, const nlohmann::json& value) {
    json.fail("asks for \"" + in_message(key) + "\": " + in_message(value.dump(-1, ' ', true)) +
                  "; supported: plain LoRA, up and down",
              StatusCode::kUnsupported);
  };
  for (const auto& [key, value] : json.object().items()) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view option = std::string_view(key).substr(prefix.size());
    const bool listed = std::find(std::begin(kUnsupported), std::end(kUnsupported), option) != std::end(kUnsupported);
    // "use_dora", "use_qalora" and whatever else is to come
    const bool variant = option.starts_with("use_") && option != "use_rslora";
    if ((listed || variant) && !asks_for_nothing(value)) return refuse(key, value);
    if (option == "peft_type" && !is_string(value, "LORA")) return refuse(key, value);
    if (option == "init_lora_weights" && value.is_string()) {
      const auto start = value.get<std::string>();
      for (const std::string_view changing : kChangingStarts) {
        if (start.starts_with(changing)) return refuse(key, value);
      }
    }
  }
}

// Patterns in the order of the file.
void read_exceptions(JsonReader& json, const std::string& key,
                     std::vector<std::pair<NamePattern, double>>* exceptions) {
  if (!json.status().ok() || !json.has(key.c_str())) return;
  const nlohmann::json& patterns = json.object()[key];
  if (!patterns.is_object() || patterns.size() > kMostPatterns)
    return json.fail("has a wrong \"" + key + "\": expected numbers by names of layers");
  for (const auto& member : json.document().in_order(patterns)) {
    const std::string& expression = member.key();
    const nlohmann::json& value = *member;
    if (!value.is_number() || !(std::abs(value.get<double>()) <= kLargest)) {
      return json.fail("has a wrong \"" + key + "\": expected a number for \"" + in_message(expression) + "\", found " +
                       in_message(value.dump(-1, ' ', true)));
    }
    Result<NamePattern> pattern = NamePattern::parse(expression);
    if (!pattern.ok())
      return json.fail("has a \"" + key + "\": " + pattern.status().message(), pattern.status().code());
    exceptions->emplace_back(std::move(*pattern), value.get<double>());
  }
}

}  // namespace

Result<std::optional<LoraSettings>> LoraSettings::parse(std::string_view text, const std::string& origin,
                                                        const std::string& prefix) {
  JsonReader json(text, origin);
  if (!json.status().ok()) return json.status();
  const auto& all = json.object().items();
  const auto is_meant = [&](const auto& item) { return item.key().starts_with(prefix); };
  if (!prefix.empty() && std::none_of(all.begin(), all.end(), is_meant)) return std::optional<LoraSettings>();
  LoraSettings settings;
  settings.origin_ = origin;
  const auto key = [&](const char* name) { return prefix + name; };
  require_plain(json, prefix);
  settings.alpha_ = json.number(key("lora_alpha").c_str(), -kLargest, kLargest, kUsualAlpha);
  if (json.has(key("r").c_str())) settings.rank_ = json.number(key("r").c_str(), 1, kLargest);
  settings.by_square_root_ = json.boolean(key("use_rslora").c_str(), false);
  read_exceptions(json, key("alpha_pattern"), &settings.alphas_);
  read_exceptions(json, key("rank_pattern"), &settings.ranks_);
  if (!json.status().ok()) return json.status();
  return std::optional(std::move(settings));
}

double LoraSettings::value_for(const std::string& layer, const Exceptions& exceptions, double usual) {
  const auto found =
      std::find_if(exceptions.begin(), exceptions.end(), [&](const auto& each) { return each.first.matches(layer); });
  return found == exceptions.end() ? usual : found->second;
}

Result<double> LoraSettings::scale(const std::string& layer, int64_t rank) const {
  const auto width = static_cast<double>(rank);
  if (const double told = value_for(layer, ranks_, rank_.value_or(width)); told != width) {
    return Status(StatusCode::kInvalidModel, origin_ + " says that the rank of " + in_message(layer) + " is " +
                                                 nlohmann::json(told).dump() + "; its tensors have " +
                                                 std::to_string(rank));
  }
  const double alpha = value_for(layer, alphas_, alpha_);
  return alpha / (by_square_root_ ? std::sqrt(width) : width);
}

}  // namespace mobilediffusion
