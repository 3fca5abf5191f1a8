// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/int8_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "kernels/packing/quantized_weight.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion {
namespace {

// A matrix, a convolution or a table that is computed in int8; not a norm, a bias or a depthwise kernel.
bool is_worthwhile(const ManifestWeights::Entry& entry) {
  const bool depthwise = entry.shape.size() == 4 && entry.shape[1] == 1;
  return entry.precision == kernels::Precision::kInt8 && entry.shape.size() >= 2 && !depthwise;
}

// One at a time in memory: made when the file asks for its first bytes, gone after its scales.
struct Quantized {
  kernels::WeightView view;
  std::optional<kernels::QuantizedWeight> weight;
  QuantizationError* error;

  void quantize() {
    Status finite;
    const std::vector<float> values = kernels::to_float32(view, error->tensor, finite);
    weight = kernels::quantize_weight(values, view.shape[0]);
    const size_t row = values.size() / weight->scales.size();
    for (size_t i = 0; i < values.size(); ++i) {
      const double lost = values[i] - weight->values[i] * weight->scales[i / row];
      error->energy += double{values[i]} * values[i];
      error->squared += lost * lost;
    }
  }
};

void add_quantized(const std::string& name, const kernels::WeightView& view, QuantizationError* error,
                   std::vector<TensorSource>& tensors) {
  auto state = std::make_shared<Quantized>(Quantized{view, std::nullopt, error});
  tensors.push_back({name, "I8", view.shape, static_cast<size_t>(view.elements()),
                     [state](size_t offset, std::span<std::byte> piece) {
                       if (offset == 0) state->quantize();
                       std::memcpy(piece.data(), state->weight->values.data() + offset, piece.size());
                     }});
  const size_t bytes = static_cast<size_t>(view.shape[0]) * sizeof(float);
  tensors.push_back({name + std::string(kScaleSuffix),
                     "F32",
                     {view.shape[0]},
                     bytes,
                     [state, bytes](size_t offset, std::span<std::byte> piece) {
                       std::memcpy(piece.data(),
                                   reinterpret_cast<const std::byte*>(state->weight->scales.data()) + offset,
                                   piece.size());
                       if (offset + piece.size() == bytes) state->weight.reset();
                     }});
}

}  // namespace

double QuantizationError::decibels() const {
  return squared > 0 ? 10 * std::log10(energy / squared) : std::numeric_limits<double>::infinity();
}

Result<std::vector<QuantizationError>> write_int8_weights(const SourcePath& from, const std::string& to,
                                                          const std::vector<ManifestWeights::Entry>& asked) {
  Result<std::unique_ptr<FileWeights>> file = FileWeights::open(from);
  if (!file.ok()) return file.status();
  std::map<std::string, kernels::WeightView, std::less<>> worthwhile;
  for (const ManifestWeights::Entry& entry : asked) {
    const kernels::WeightView view = (*file)->get(entry.name, entry.shape);
    if (!is_worthwhile(entry)) continue;
    if (view.type == kernels::DataType::kInt8)
      return Status(StatusCode::kInvalidArgument, from.string() + " is in int8 already: " + entry.name);
    if (view.data != nullptr) kernels::require_finite(view, entry.name, (*file)->status());
    worthwhile.emplace(entry.name, view);
  }
  if (!(*file)->status().ok()) return (*file)->status();

  std::vector<QuantizationError> errors;
  errors.reserve(worthwhile.size());  // they are pointed to
  std::vector<TensorSource> tensors;
  for (const FileWeights::File& part : (*file)->files()) {
    for (const auto& [name, entry] : part.tensors.entries()) {
      if (const auto found = worthwhile.find(name); found != worthwhile.end()) {
        errors.push_back({.tensor = name, .values = entry.elements()});
        add_quantized(name, found->second, &errors.back(), tensors);
      } else {
        tensors.push_back(tensor_in_memory(name, entry.dtype, entry.shape, entry.data));
      }
    }
  }
  if (Status status = write_safetensors(to, tensors); !status.ok()) return status;
  return errors;
}

}  // namespace mobilediffusion
