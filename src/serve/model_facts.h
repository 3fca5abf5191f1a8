// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the page must know of a model to ask for its pictures.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::serve {

// An object: "model" (its name), "width", "height" (where nobody says), "size_multiple", "sizes" (that it was made for,
// [width, height] each), "steps", "guidance", "sampler", "encoder" (whether a picture can begin with one), "words"
// (what it was taught: lists by group; empty: it may know any). `vae` as in LoadOptions. Errors: kNotFound, kIoError,
// kInvalidModel, kUnsupported.
Result<nlohmann::ordered_json> model_facts(const std::string& model, const std::string& vae);

}  // namespace mobilediffusion::serve
