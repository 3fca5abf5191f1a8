// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/float16_weights.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>

#include "kernels/runtime/data_type.h"

namespace mobilediffusion {
namespace {

// Nothing of what is in another type already.
std::vector<float> read_float32(WeightSource& source, const ManifestWeights::Entry& entry) {
  const kernels::WeightView view = source.get(entry.name, entry.shape);
  if (view.data == nullptr || view.type != kernels::DataType::kFloat32) return {};
  std::vector<float> values = kernels::to_float32(view, entry.name, source.status());
  source.release(view);
  return values;
}

bool fits(float value) { return std::isfinite(kernels::float_from_float16(kernels::float16_from_float(value))); }

}  // namespace

bool becomes_float16(std::string_view dtype) { return dtype == "F32"; }

void add_float16_tensor(WeightSource& values, const ManifestWeights::Entry& entry, const std::string& prefix,
                        QuantizationError* error, std::vector<TensorSource>& tensors) {
  const size_t bytes = sizeof(uint16_t) * static_cast<size_t>(entry.elements());
  // Made when the file asks for its first bytes, gone after its last.
  const auto halves = std::make_shared<std::vector<uint16_t>>();
  tensors.push_back({prefix + entry.name, "F16", entry.shape, bytes,
                     [halves, bytes, entry, error, source = &values](size_t offset, std::span<std::byte> piece) {
                       if (offset == 0) {
                         for (const float value : read_float32(*source, entry)) {
                           halves->push_back(kernels::float16_from_float(value));
                           error->add(value, kernels::float_from_float16(halves->back()));
                         }
                         halves->resize(bytes / sizeof(uint16_t));  // where it could not be read
                       }
                       std::memcpy(piece.data(), reinterpret_cast<const std::byte*>(halves->data()) + offset,
                                   piece.size());
                       if (offset + piece.size() == bytes) *halves = {};
                     }});
}

void check_for_float16(WeightSource& values, const ManifestWeights::Entry& entry) {
  for (const float value : read_float32(values, entry)) {
    if (!values.status().ok()) return;
    if (fits(value)) continue;
    values.status() = Status(StatusCode::kInvalidArgument, entry.name + " holds " + std::to_string(value) +
                                                               "; float16 ends at 65504: keep this model as it is");
  }
}

}  // namespace mobilediffusion
