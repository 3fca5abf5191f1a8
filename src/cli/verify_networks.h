// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A model's networks on inputs that a file gives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/safetensors.h"
#include "src/model/model_folder.h"
#include "src/stages.h"

namespace mobilediffusion::cli {

// One of our outputs: floats as the file orders them, or bytes.
struct NetworkOutput {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
  std::vector<uint8_t> bytes;  // of pipeline_rgb
};

// (1, 77, 64), as messages show it.
std::string shown(const std::vector<int64_t>& shape);

// The outputs of every network whose inputs are among `given`, by the names of verify.cc. `origin` is the file's name
// for the messages. Errors: kInvalidModel where an input does not fit; kUnsupported where there is no encoder; a
// network's.
Result<std::vector<NetworkOutput>> run_networks(const ModelFolder& model, Stages& stages, const Safetensors& given,
                                                const std::string& origin, int threads);

}  // namespace mobilediffusion::cli
