// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// From words to the numbers that a text encoder reads.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"
#include "src/model/config.h"

namespace mobilediffusion {

struct TokenizedPrompt {
  std::vector<int> ids;    // start token, the prompt's tokens, end token, then the pad token to the end
  bool truncated = false;  // the prompt had more tokens than fit, and its end was cut
  int prompt_tokens = 0;   // of the prompt (of its first 64 KiB), start and end not counted
};

// Immutable once made: any number of threads may use one.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // `prompt` in UTF-8, to exactly `length` ids, 2 or more. Errors: kInvalidArgument where it is not UTF-8, with the
  // offset of the first offending byte.
  virtual Result<TokenizedPrompt> encode(std::string_view prompt, int length) const = 0;
};

// The tokenizer in a model's tokenizer/ folder: vocab.json with merges.txt, or tokenizer.json, is CLIP's byte-pair
// encoding, tokenizer.model is SentencePiece's. Every id is below the text encoder's vocab_size. SentencePiece's start,
// end and pad are the text encoder's; CLIP's are those that the folder's files name (special_tokens.h), else CLIP's
// own, since real text encoders' configurations give ids that are none. Errors: kNotFound, kIoError, kInvalidModel,
// kUnsupported.
Result<std::unique_ptr<Tokenizer>> load_tokenizer(const SourcePath& folder, const TextEncoderConfig& config);

}  // namespace mobilediffusion
