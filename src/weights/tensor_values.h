// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A tensor's values out of a file, as the types that are computed with.
#pragma once

#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/safetensors.h"

namespace mobilediffusion {

// As float32 (of F32, F16, BF16), or as integers (of I64, I32). Errors: kInvalidModel (another dtype, an integer that
// is out of range), kNonFinite.
Result<std::vector<float>> to_float32(std::string_view name, const TensorEntry& tensor);
Result<std::vector<int>> to_integers(std::string_view name, const TensorEntry& tensor);

}  // namespace mobilediffusion
