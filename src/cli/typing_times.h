// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How soon a picture is there after the last keystroke, when a prompt is typed letter by letter into a live session.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/cli/numbers.h"
#include "src/cli/progress_line.h"

namespace mobilediffusion::cli {

struct TypingTimesOptions {
  std::string model;
  std::string prompt;
  Size size;  // 0: what the model was made for
  int steps = 0;
  int times = 1;  // the prompt is typed
  LoadOptions load;
};

struct TypingTimes {
  double generate = 0;          // seconds of one picture by itself, the median
  std::vector<double> seconds;  // from the last keystroke to the whole prompt's picture
  std::vector<int> pictures;    // of each time: how many were shown, the last one included
};

// Errors: a pipeline's; kCancelled by Ctrl-C.
Result<TypingTimes> measure_typing(const TypingTimesOptions& options, ProgressLine& progress);

nlohmann::json to_json(const TypingTimes& times);
void print(const TypingTimes& times);

}  // namespace mobilediffusion::cli
