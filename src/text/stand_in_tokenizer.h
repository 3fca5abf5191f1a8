// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A tokenizer for a model that has none: CLIP's files with a token for every byte and no merges.
#pragma once

#include <string>

#include "mobilediffusion/status.h"
#include "src/model/config.h"

namespace mobilediffusion {

// Writes vocab.json, merges.txt and tokenizer_config.json into a folder that exists. Where the vocabulary is too small
// for two tokens a byte (within a word, and at its end), several bytes share one.
Status write_stand_in_tokenizer(const std::string& folder, const TextEncoderConfig& config);

}  // namespace mobilediffusion
