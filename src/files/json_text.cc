// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/json_text.h"

#include <nlohmann/json.hpp>

namespace mobilediffusion {

std::string json_string(std::string_view text) { return nlohmann::json(text).dump(); }

void JsonObjectText::add(std::string_view name, std::string_view value) {
  if (!members_.empty()) members_ += ',';
  members_.append(json_string(name)).append(1, ':').append(value);
}

}  // namespace mobilediffusion
