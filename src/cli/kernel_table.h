// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>

namespace mobilediffusion::cli {

// mobilediffusion info --kernels: what computes the operators of the model at `path` on this processor, in each
// precision; one object of JSON, or tables. The exit code.
int show_kernels(const std::string& path, bool as_json);

}  // namespace mobilediffusion::cli
