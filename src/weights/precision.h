// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A precision's name, and what it means for each layer.
#pragma once

#include <optional>
#include <string_view>

#include "kernels/runtime/precision.h"
#include "mobilediffusion/options.h"

namespace mobilediffusion {

std::string_view to_string(Precision precision);
std::optional<Precision> parse_precision(std::string_view name);

// What the kernels compute in, where a layer asks for nothing else: float32 for a float16 that this processor lacks.
kernels::Precision kernel_precision(Precision precision);

// What a sensitive layer computes in: those that meet latents and pixels, and the timestep. They are small.
kernels::Precision sensitive_precision(kernels::Precision precision);

}  // namespace mobilediffusion
