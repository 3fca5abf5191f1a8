// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the files of a transformers library's tokenizer/ folder say of tokens beside the vocabulary: which are the
// start, end, unknown and pad token, and which were added.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"
#include "src/text/added_tokens.h"

namespace mobilediffusion {

struct NamedTokens {
  std::optional<AddedToken> start, end, unknown, pad;  // nothing where no file says; without ids
  std::vector<AddedToken> further;                     // special ones, likewise without ids
  std::vector<AddedToken> added;                       // with ids; of the same content the later one counts
};

// Reads tokenizer_config.json, special_tokens_map.json, added_tokens.json and the added tokens of tokenizer.json, each
// of which may be missing. As in transformers, the later ones win, unless the first lists its "added_tokens_decoder",
// from which on it says all. Where tokenizer.json is the vocabulary itself, its tokens, which are handed in, count
// in either case. Errors: kIoError, kInvalidModel, also for an id that is not below `vocab_size`.
Result<NamedTokens> read_named_tokens(const SourcePath& folder, const std::vector<AddedToken>* of_tokenizer_json,
                                      int vocab_size);

// The list "added_tokens" of a tokenizer.json; `origin` is the file's name for the messages.
Result<std::vector<AddedToken>> parse_added_tokens(const nlohmann::json& list, const std::string& origin,
                                                   int vocab_size);

// An id as a file gives it for `token`, below `vocab_size`.
Result<int> parse_token_id(const std::string& token, const nlohmann::json& id, const std::string& origin,
                           int vocab_size);

}  // namespace mobilediffusion
