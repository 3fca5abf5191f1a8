// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/precision.h"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/packing/float16_support.h"
#include "kernels/runtime/data_type.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion {
namespace {

constexpr std::array kNames = {std::pair(Precision::kFloat32, std::string_view("float32")),
                               std::pair(Precision::kFloat16, std::string_view("float16")),
                               std::pair(Precision::kInt8, std::string_view("int8"))};

}  // namespace

std::string_view to_string(Precision precision) {
  for (const auto& [known, name] : kNames) {
    if (known == precision) return name;
  }
  return "unknown";
}

std::optional<Precision> parse_precision(std::string_view name) {
  for (const auto& [known, known_name] : kNames) {
    if (known_name == name) return known;
  }
  return std::nullopt;
}

Result<Precision> chosen_precision(Precision wanted, const SourcePath& unet_weights) {
  if (wanted != Precision::kOfModel) return wanted;
  const Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(unet_weights);
  if (weights.status().code() == StatusCode::kNotFound) return Precision::kFloat32;
  if (!weights.ok()) return weights.status();
  const auto tensors = (*weights)->tensors();
  const bool in_8_bits = std::any_of(tensors.begin(), tensors.end(), [](const auto& tensor) {
    return data_type(tensor.second->dtype) == kernels::DataType::kInt8;
  });
  return in_8_bits ? Precision::kInt8 : Precision::kFloat32;
}

kernels::Precision kernel_precision(Precision precision) {
  switch (precision) {
    case Precision::kFloat32:
      return kernels::Precision::kFloat32;
    case Precision::kFloat16:
      return kernels::computes_float16() ? kernels::Precision::kFloat16 : kernels::Precision::kFloat32;
    case Precision::kInt8:
      return kernels::Precision::kInt8;
    case Precision::kOfModel:  // which chosen_precision() has taken the place of
      break;
  }
  return kernels::Precision::kFloat32;
}

kernels::Precision sensitive_precision(kernels::Precision /*precision*/) { return kernels::Precision::kFloat32; }

}  // namespace mobilediffusion
