// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network's weights in another type than its file has them in, as pack() and `quantize` write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/pack.h"
#include "mobilediffusion/status.h"
#include "src/files/file_source.h"
#include "src/files/safetensors.h"
#include "src/weights/file_weights.h"
#include "src/weights/quantization_error.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// Whether a tensor changes its type, from `dtype`.
bool is_stored_anew(StoredWeights stored, const ManifestWeights::Entry& entry, std::string_view dtype);

// Such a tensor of `values` (which gives it as `entry` asks), and its scales where it has some, added to `tensors` as
// "PREFIX + NAME". What is pointed to must stay until they were written.
void add_stored_tensor(StoredWeights stored, WeightSource& values, const ManifestWeights::Entry& entry,
                       const std::string& prefix, QuantizationError* error, std::vector<TensorSource>& tensors);

// Sees that every tensor can change. `values` gives the file's tensors, changed or not. Errors: kInvalidModel,
// kNonFinite; kInvalidArgument where 8 bits are wanted and there already, or float16 has no such value.
Status check_stored(StoredWeights stored, FileWeights& file, WeightSource& values,
                    const std::vector<ManifestWeights::Entry>& asked);

// Copies the safetensors file `from` to `to`, those tensors changed that `asked` (of the network that was built in
// int8) has worthwhile. Errors: kNotFound, kIoError, and check_stored()'s.
Result<std::vector<QuantizationError>> write_stored_weights(StoredWeights stored, const SourcePath& from,
                                                            const std::string& to,
                                                            const std::vector<ManifestWeights::Entry>& asked);

}  // namespace mobilediffusion
