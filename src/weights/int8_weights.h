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
#include "src/files/file_source.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

inline constexpr std::string_view kScaleSuffix = "_scale";

// What 8 bits did to a tensor.
struct QuantizationError {
  std::string tensor;
  int64_t values = 0;
  double energy = 0;   // sum of the squares of its values
  double squared = 0;  // and of the errors

  double decibels() const;  // signal to noise; infinite where nothing was lost
};

// Copies the safetensors file `from` to `to`, with those tensors in 8 bits that `asked` (of the network that was built
// in int8) has worthwhile. Errors: kNotFound, kIoError, kInvalidModel, kNonFinite; kInvalidArgument where it has I8
// already.
Result<std::vector<QuantizationError>> write_int8_weights(const SourcePath& from, const std::string& to,
                                                          const std::vector<ManifestWeights::Entry>& asked);

}  // namespace mobilediffusion
