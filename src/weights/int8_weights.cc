// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/int8_weights.h"

#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "kernels/packing/quantized_weight.h"

namespace mobilediffusion {
namespace {

// One at a time in memory: made when the file asks for its first bytes, gone after its scales.
struct Quantized {
  WeightSource* source;
  ManifestWeights::Entry entry;
  QuantizationError* error;
  std::optional<kernels::QuantizedWeight> weight;

  void quantize() {
    const kernels::WeightView view = source->get(entry.name, entry.shape);
    const std::vector<float> values = kernels::to_float32(view, entry.name, source->status());
    source->release(view);
    weight = kernels::quantize_weight(values, entry.shape[0]);
    const size_t row = values.size() / weight->scales.size();
    for (size_t i = 0; i < values.size(); ++i) error->add(values[i], weight->values[i] * weight->scales[i / row]);
  }
};

}  // namespace

bool becomes_int8(const ManifestWeights::Entry& entry) {
  const bool depthwise = entry.shape.size() == 4 && entry.shape[1] == 1;
  return entry.precision == kernels::Precision::kInt8 && entry.shape.size() >= 2 && !depthwise;
}

void add_int8_tensor(WeightSource& values, const ManifestWeights::Entry& entry, const std::string& prefix,
                     QuantizationError* error, std::vector<TensorSource>& tensors) {
  const std::string name = prefix + entry.name;
  auto state = std::make_shared<Quantized>(Quantized{&values, entry, error, std::nullopt});
  tensors.push_back({name, "I8", entry.shape, static_cast<size_t>(entry.elements()),
                     [state](size_t offset, std::span<std::byte> piece) {
                       if (offset == 0) state->quantize();
                       std::memcpy(piece.data(), state->weight->values.data() + offset, piece.size());
                     }});
  const size_t bytes = sizeof(float) * static_cast<size_t>(entry.shape[0]);
  tensors.push_back({name + std::string(kScaleSuffix),
                     "F32",
                     {entry.shape[0]},
                     bytes,
                     [state, bytes](size_t offset, std::span<std::byte> piece) {
                       std::memcpy(piece.data(),
                                   reinterpret_cast<const std::byte*>(state->weight->scales.data()) + offset,
                                   piece.size());
                       if (offset + piece.size() == bytes) state->weight.reset();
                     }});
}

Status check_for_int8(FileWeights& weights, const std::vector<ManifestWeights::Entry>& asked) {
  for (const ManifestWeights::Entry& entry : asked) {
    const kernels::WeightView view = weights.get(entry.name, entry.shape);
    if (!becomes_int8(entry)) continue;
    if (view.type == kernels::DataType::kInt8) {
      return Status(StatusCode::kInvalidArgument,
                    weights.files().front().path.string() + " is in int8 already: " + entry.name);
    }
    if (view.data != nullptr) kernels::require_finite(view, entry.name, weights.status());
  }
  return weights.status();
}

}  // namespace mobilediffusion
