// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How long a generate() that is cancelled still takes, wherever in a picture it is caught.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/cli/numbers.h"
#include "src/cli/progress_line.h"

namespace mobilediffusion::cli {

struct CancelTimesOptions {
  std::string model;
  std::string prompt;
  Size size;  // 0: what the model was made for
  int steps = 0;
  int times = 1;       // to cancel, spread evenly over a picture
  bool trims = false;  // before each picture, so that its networks are loaded anew
  LoadOptions load;
};

struct CancelTimes {
  struct Row {
    double after = 0;        // seconds from the start of generate() to cancel()
    std::string stage = {};  // that had begun last by then
    double seconds = 0;      // from cancel() to generate()'s return
  };
  std::vector<Row> rows;  // those that came too late to cancel anything are left out
};

// Errors: a pipeline's; kCancelled by Ctrl-C.
Result<CancelTimes> measure_cancels(const CancelTimesOptions& options, ProgressLine& progress);

nlohmann::json to_json(const CancelTimes& times);
void print(const CancelTimes& times);

}  // namespace mobilediffusion::cli
