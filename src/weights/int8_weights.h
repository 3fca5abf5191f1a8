// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network's weights in 8 bits, in a file: a tensor X of I8, and beside it "X_scale", F32, a scale for each output
// channel (each row, in a table), so that value = quantized * scale. They are the values that loading in int8
// comes to by itself, but for upsampling convolutions, whose taps are added up and rounded once more, and for tables,
// which otherwise are not rounded at all. What is sensitive, or small, stays as it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/safetensors.h"
#include "src/weights/file_weights.h"
#include "src/weights/quantization_error.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

inline constexpr std::string_view kScaleSuffix = "_scale";

// Whether a tensor becomes 8 bits: a matrix, a convolution or a table that is computed in int8; not a norm, a bias or a
// depthwise kernel.
bool becomes_int8(const ManifestWeights::Entry& entry);

// A tensor of `values` (which gives it as `entry` asks) in 8 bits, and its scales, added to `tensors` as
// "PREFIX + NAME". The scales must be written next. What is pointed to must stay until then.
void add_int8_tensor(WeightSource& values, const ManifestWeights::Entry& entry, const std::string& prefix,
                     QuantizationError* error, std::vector<TensorSource>& tensors);

// Sees that every tensor that becomes 8 bits is there and has values to be rounded. Errors: kInvalidModel, kNonFinite;
// kInvalidArgument where it is I8 already.
Status check_for_int8(FileWeights& weights, const std::vector<ManifestWeights::Entry>& asked);

}  // namespace mobilediffusion
