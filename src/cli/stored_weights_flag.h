// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <optional>
#include <string_view>

#include "mobilediffusion/pack.h"

namespace mobilediffusion::cli {

// What --weights says.
inline std::optional<StoredWeights> stored_weights(std::string_view name) {
  if (name == "keep") return StoredWeights::kAsTheyAre;
  if (name == "int8") return StoredWeights::kInt8;
  if (name == "float16") return StoredWeights::kFloat16;
  return std::nullopt;
}

}  // namespace mobilediffusion::cli
