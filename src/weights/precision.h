// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A precision's name, and what it means for each layer.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/runtime/precision.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

std::string_view to_string(Precision precision);
std::optional<Precision> parse_precision(std::string_view name);

// What Precision::kOfModel stands for, by the UNet's weights; any other is what it is. Where there are no such weights
// it is kFloat32, and loading says what is missing. Errors: kIoError, kInvalidModel, kOutOfMemory.
Result<Precision> chosen_precision(Precision wanted, const SourcePath& unet_weights);

// What the kernels compute in, where a layer asks for nothing else: float32 for a float16 that this processor lacks.
kernels::Precision kernel_precision(Precision precision);

// What a sensitive layer computes in: those that meet latents and pixels, and the timestep. They are small.
kernels::Precision sensitive_precision(kernels::Precision precision);

}  // namespace mobilediffusion
