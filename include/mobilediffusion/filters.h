// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A ready filter of prompts, by a list of words. Which words are on it is the app's own business; none comes with the
// library, and no filter is on unless LoadOptions names it:
//
//   auto words = mobilediffusion::read_word_list(text);            // a word or a phrase a line
//   if (!words.ok()) return complain(words.status().message());
//   auto filter = mobilediffusion::word_list_filter(*words);
//   if (!filter.ok()) return complain(filter.status().message());
//   auto pipeline = mobilediffusion::Pipeline::load("scenes", {.prompt_filter = *filter});
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/export.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion {

// Refuses prompts that have one of these words in them, or all words of one of these phrases, one right behind another;
// the reason names it as the list has it. Words are compared whole ("art" is not in "party"), without regard to case,
// accents, the width or style of letters, and characters that nobody sees (zero-width ones, soft hyphens) between them;
// what is no letter and no number divides words. Scripts that have no spaces between words (Chinese, Japanese, Thai and
// their kin) are compared character by character. Not found are inflections that the list has not, misspellings,
// letters of other scripts that look alike, and other words for the same thing.
//
// Errors: kInvalidArgument (an entry that is not UTF-8, or has neither letter nor number), kOutOfMemory.
MOBILEDIFFUSION_EXPORT Result<PromptFilter> word_list_filter(const std::vector<std::string>& words);

// The entries of a list as bytes: a word or a phrase a line, lines ended in any way, spaces around them dropped; a line
// that is empty or begins with # is none. Errors: kInvalidArgument (not UTF-8), kOutOfMemory.
MOBILEDIFFUSION_EXPORT Result<std::vector<std::string>> read_word_list(std::string_view bytes);

}  // namespace mobilediffusion
