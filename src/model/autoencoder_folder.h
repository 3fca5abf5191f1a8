// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// An autoencoder by itself, as TAESD is published: config.json and weights, without a model around them.
#pragma once

#include <optional>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"
#include "src/model/config.h"

namespace mobilediffusion {

// Nothing where the folder is another's: one with a model_index.json, or of a network that is no autoencoder. Errors:
// as open_model_folder(), of an autoencoder that cannot be read.
Result<std::optional<DecoderConfig>> open_autoencoder_folder(const SourcePath& folder);

}  // namespace mobilediffusion
