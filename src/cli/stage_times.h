// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A model's time, stage by stage, over several pictures.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/cli/numbers.h"
#include "src/cli/progress_line.h"

namespace mobilediffusion::cli {

struct StageRow {
  std::string name;
  std::vector<double> seconds = {};
  int64_t macs = 0;

  double median() const { return cli::median(seconds); }
  double fastest() const;
  double slowest() const;
  double gflops() const { return 2e-9 * static_cast<double>(macs) / median(); }
};

struct StageTimes {
  StageRow load{"load"}, text{"text"}, unet{"unet"}, decoder{"decoder"}, picture{"picture"};
  std::string model;  // its name
  Precision precision = Precision::kFloat32;
  Size size;
  int steps = 0;
  int runs = 0;
  int64_t peak_memory = 0;  // bytes
};

struct StageTimesOptions {
  std::string model;  // a folder
  std::string prompt;
  Size size;  // 0: what the model was made for
  int steps = 0;
  int runs = 1;
  LoadOptions load;  // with a chosen precision
};

// Times `runs` pictures, behind those that warm up. Errors: a pipeline's; kCancelled by Ctrl-C.
Result<StageTimes> measure_stages(const StageTimesOptions& options, ProgressLine& progress);

nlohmann::json to_json(const StageTimes& times);
void print(const StageTimes& times);

}  // namespace mobilediffusion::cli
