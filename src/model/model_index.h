// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// model_index.json: which classes a model is made of.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

struct ModelIndex {
  std::vector<std::string> names;  // what its writer called the model, and the pipeline's class
  std::string scheduler;           // the scheduler's class
};

// Every part's class is one that we run; what cannot run is refused with the reason. Errors: kNotFound, kIoError,
// kInvalidModel, kUnsupported.
Result<ModelIndex> read_model_index(const SourcePath& file);

// What a configuration's writer called the model. "" where it does not say.
std::string writers_name(const nlohmann::json& object);

}  // namespace mobilediffusion
