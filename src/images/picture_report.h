// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A picture's making as JSON, for programs that ask for it.
#pragma once

#include <nlohmann/json.hpp>

#include "mobilediffusion/image.h"
#include "mobilediffusion/options.h"

namespace mobilediffusion {

// Everything that an Image says but its pixels; "seconds" by stage.
nlohmann::json picture_report(const Image& image);

// A stage, as "seconds" names it.
const char* name_of(Stage stage);

}  // namespace mobilediffusion
