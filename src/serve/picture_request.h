// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What is to be drawn, whichever route it came by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"

namespace mobilediffusion::serve {

struct PictureRequest {
  std::string prompt;
  GenerateOptions options;          // without seed and image
  std::vector<uint64_t> seeds;      // of one picture each
  std::vector<uint8_t> image_file;  // to begin with, a PNG or a JPEG; empty: none
};

}  // namespace mobilediffusion::serve
