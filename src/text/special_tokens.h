// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a tokenizer/ folder of the transformers library calls its start, end and pad token.
#pragma once

#include <optional>
#include <string>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

struct SpecialNames {
  std::optional<std::string> start, end, pad;  // nothing where no file says
};

// Reads tokenizer_config.json and special_tokens_map.json, either of which may be missing. As in transformers, the
// latter wins, unless the former lists its "added_tokens_decoder", from which on it says all. Errors: kIoError,
// kInvalidModel.
Result<SpecialNames> read_special_names(const SourcePath& folder);

}  // namespace mobilediffusion
