// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Two models, or one in two precisions, drawing the same prompts in turn: how much faster, and how different.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/cli/numbers.h"
#include "src/cli/progress_line.h"

namespace mobilediffusion::cli {

struct Side {
  std::string model;  // a folder
  LoadOptions load;  // with a chosen precision
};

struct SideBySide {
  Side first, second;
  std::vector<std::string> prompts;  // one picture each, seeds counting up from 0
  Size size;
  int steps = 0;
  std::string pictures;  // a new folder for the pairs as PNG, the first's on the left; empty: none
};

// What was measured: seconds of both, the ratio first/second pair by pair, PSNR in dB (null where pictures are equal).
// {"pictures", "equal", "seconds": {"first", "second", "times_as_fast"}, "psnr": {"mean", "min"}}, each of seconds with
// median, min and max.
Result<nlohmann::json> measure(const SideBySide& pair, ProgressLine& progress);

// The same for people.
void print(const SideBySide& pair, const nlohmann::json& measured);

}  // namespace mobilediffusion::cli
