// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/stored_weights.h"

#include <map>
#include <memory>
#include <utility>

#include "src/weights/float16_weights.h"
#include "src/weights/int8_weights.h"

namespace mobilediffusion {

bool is_stored_anew(StoredWeights stored, const ManifestWeights::Entry& entry, std::string_view dtype) {
  switch (stored) {
    case StoredWeights::kAsTheyAre:
      return false;
    case StoredWeights::kInt8:
      return becomes_int8(entry);
    case StoredWeights::kFloat16:
      return becomes_float16(dtype);
  }
  return false;
}

void add_stored_tensor(StoredWeights stored, WeightSource& values, const ManifestWeights::Entry& entry,
                       const std::string& prefix, QuantizationError* error, std::vector<TensorSource>& tensors) {
  if (stored == StoredWeights::kInt8) {
    add_int8_tensor(values, entry, prefix, error, tensors);
  } else {
    add_float16_tensor(values, entry, prefix, error, tensors);
  }
}

Status check_stored(StoredWeights stored, FileWeights& file, WeightSource& values,
                    const std::vector<ManifestWeights::Entry>& asked) {
  if (stored == StoredWeights::kInt8) return check_for_int8(file, asked);
  if (stored != StoredWeights::kFloat16) return {};
  for (const ManifestWeights::Entry& entry : asked) {
    check_for_float16(values, entry);
    if (!values.status().ok()) return values.status();
  }
  return {};
}

Result<std::vector<QuantizationError>> write_stored_weights(StoredWeights stored, const SourcePath& from,
                                                            const std::string& to,
                                                            const std::vector<ManifestWeights::Entry>& asked) {
  Result<std::unique_ptr<FileWeights>> opened = FileWeights::open(from);
  if (!opened.ok()) return opened.status();
  FileWeights& weights = **opened;
  if (Status status = check_stored(stored, weights, weights, asked); !status.ok()) return status;
  std::map<std::string, const ManifestWeights::Entry*, std::less<>> known;
  for (const ManifestWeights::Entry& entry : asked) known.emplace(entry.name, &entry);
  std::vector<QuantizationError> errors;
  errors.reserve(known.size());  // they are pointed to
  std::vector<TensorSource> tensors;
  for (const auto& [name, entry] : weights.tensors()) {
    const auto found = known.find(name);
    if (found != known.end() && is_stored_anew(stored, *found->second, entry->dtype)) {
      errors.push_back({.tensor = name, .values = entry->elements()});
      add_stored_tensor(stored, weights, *found->second, "", &errors.back(), tensors);
    } else {
      tensors.push_back(tensor_in_memory(name, entry->dtype, entry->shape, entry->data));
    }
  }
  if (Status status = write_safetensors(to, std::move(tensors)); !status.ok()) return status;
  return errors;
}

}  // namespace mobilediffusion
