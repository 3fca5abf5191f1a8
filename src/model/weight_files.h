// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which files hold a network's weights: one, a 16-bit variant of it, or several that an index names.
#pragma once

#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

// For "unet/diffusion_pytorch_model.safetensors" that file; where it is missing what its index
// ("...safetensors.index.json") lists, or the same with "fp16" in its name. Errors: kNotFound; kUnsupported where there
// is nothing but a pickle; kInvalidModel (an index that is none).
Result<std::vector<SourcePath>> find_weight_files(const SourcePath& path);

}  // namespace mobilediffusion
