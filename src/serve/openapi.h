// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What GET /openapi.json says: openapi.json with this model's sizes and this server's limits in it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/serve/limits.h"

namespace mobilediffusion::serve {

nlohmann::ordered_json openapi(const nlohmann::ordered_json& model_facts, const Limits& limits, bool wants_token);

}  // namespace mobilediffusion::serve
