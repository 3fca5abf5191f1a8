// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// SentencePiece (Kudo and Richardson, 2018), which brings pieces and its own normalisation; start, end and pad are the
// text encoder's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "src/text/prompt.h"
#include "src/text/tokenizer.h"

namespace mobilediffusion {

// `model` is the content of a tokenizer.model; `origin` its name in messages. Ids must be below `vocab_size`.
// Errors: kInvalidModel.
Result<std::unique_ptr<Tokenizer>> parse_sentencepiece(std::string_view model, const std::string& origin,
                                                       const SpecialTokens& special, int vocab_size);

}  // namespace mobilediffusion
