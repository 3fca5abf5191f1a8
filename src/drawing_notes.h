// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a caller should know of a picture that is not as it was asked for: the log's notes of one drawing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/options.h"
#include "src/loaded_model.h"

namespace mobilediffusion {

struct DrawingFacts {
  const LoadedModel& model;
  const GenerateOptions& options;
  std::string_view prompt;
  const TokenizedPrompt& tokens;
  const TokenizedPrompt* negative = nullptr;  // null: the negative prompt is not read
  const std::vector<std::string>& unknown_words;
  int width = 0, height = 0;
};

// A prompt that is cut, words that the model was never taught, what other programs would read as more than words, a
// negative prompt that is cut or not read, a size and a guidance that the model was not made for.
void log_notes(const std::function<void(LogLevel, std::string_view)>& log, const DrawingFacts& facts);

}  // namespace mobilediffusion
