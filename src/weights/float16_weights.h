// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network's float32 weights in half, in a file: half of the size, and more digits than 8 bits have. What is in fewer
// bits already stays as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/safetensors.h"
#include "src/weights/quantization_error.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// Whether a tensor of that dtype becomes float16.
bool becomes_float16(std::string_view dtype);

// A tensor of `values` (which gives it as `entry` asks) in float16, added to `tensors` as "PREFIX + NAME". What is
// pointed to must stay until it was written.
void add_float16_tensor(WeightSource& values, const ManifestWeights::Entry& entry, const std::string& prefix,
                        QuantizationError* error, std::vector<TensorSource>& tensors);

// Sees that the tensor is there, and, where it is in float32, that float16 has its values. Errors, latched by `values`: kInvalidModel,
// kNonFinite; kInvalidArgument where one is too large.
void check_for_float16(WeightSource& values, const ManifestWeights::Entry& entry);

}  // namespace mobilediffusion
