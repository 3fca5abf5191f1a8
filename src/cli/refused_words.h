// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// The filter of a file's words and phrases, one a line. Messages name the file.
Result<PromptFilter> filter_by_file(const std::string& path);

}  // namespace mobilediffusion::cli
