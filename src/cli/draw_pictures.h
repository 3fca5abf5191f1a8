// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion generate, behind its command line.
#pragma once

#include <optional>
#include <string>

#include "mobilediffusion/options.h"

namespace mobilediffusion::cli {

// What the command line says, as it says it.
struct GenerateCommand {
  std::string prompt;
  std::string output;
  std::string model;
  std::string size;
  std::string negative_prompt;
  std::string sampler;
  std::string image;
  double strength = GenerateOptions().strength;
  std::string seed = "0";
  int steps = 0;
  int count = 1;
  LoadOptions load;
  std::optional<float> guidance;
  std::string noise = "philox";
  std::string refused_words;  // a file
  bool json = false;
  bool quiet = false;
  bool no_metadata = false;
};

// Draws every prompt as often as asked for; the exit code.
int draw_pictures(const GenerateCommand& command);

}  // namespace mobilediffusion::cli
