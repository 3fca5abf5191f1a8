// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What every tokenizer does with a prompt before and after its own work.
#pragma once

#include <string_view>
#include <vector>

#include "src/text/tokenizer.h"

namespace mobilediffusion {

struct SpecialTokens {
  int start = 0;
  int end = 0;
  int pad = 0;
};

// kInvalidArgument with the offset of the first byte that is not well-formed UTF-8.
Status check_utf8(std::string_view text);

// Start token, as many of the ids as fit, end token, pad tokens to `length`.
TokenizedPrompt fit_prompt(const std::vector<int>& ids, int length, const SpecialTokens& special);

}  // namespace mobilediffusion
