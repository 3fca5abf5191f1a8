// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which files hold a network's weights: one, a 16-bit variant of it, or several that an index names.
#pragma once

#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

// For "unet/diffusion_pytorch_model.safetensors" that file; where it is missing what its index
// ("...safetensors.index.json") lists, or the same with "fp16" or "bf16" in its name, or with any other word where
// there is one such file alone, or shards ("...-00001-of-00002.safetensors") that no index lists. Errors: kNotFound,
// with what is there instead; kUnsupported where there is nothing but a pickle; kInvalidModel (an index that is none,
// shards that are missing).
Result<std::vector<SourcePath>> find_weight_files(const SourcePath& path);

}  // namespace mobilediffusion
