// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/tensor_values.h"

#include <cstring>
#include <limits>

#include "kernels/packing/weight.h"

namespace mobilediffusion {
namespace {

Status wrong_dtype(std::string_view name, const std::string& expected, const std::string& found) {
  return Status(StatusCode::kInvalidModel, "tensor " + std::string(name) + " is " + found + "; expected " + expected);
}

// Files are little-endian, and so is every processor that this runs on.
template <typename Integer>
int64_t integer_at(std::span<const std::byte> bytes, size_t index) {
  Integer value;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

}  // namespace

Result<std::vector<float>> to_float32(std::string_view name, const TensorEntry& tensor) {
  if (tensor.data.empty()) return std::vector<float>();
  kernels::WeightView view{.shape = tensor.shape, .data = tensor.data.data()};
  if (tensor.dtype == "F32") {
    view.type = kernels::DataType::kFloat32;
  } else if (tensor.dtype == "F16") {
    view.type = kernels::DataType::kFloat16;
  } else if (tensor.dtype == "BF16") {
    view.type = kernels::DataType::kBFloat16;
  } else {
    return wrong_dtype(name, "F32, F16 or BF16", tensor.dtype);
  }
  Status status;
  std::vector<float> values = kernels::to_float32(view, name, status);
  if (!status.ok()) return status;
  return values;
}

Result<std::vector<int>> to_integers(std::string_view name, const TensorEntry& tensor) {
  if (tensor.dtype != "I64" && tensor.dtype != "I32") return wrong_dtype(name, "I64 or I32", tensor.dtype);
  std::vector<int> values;
  for (int64_t i = 0; i < tensor.elements(); ++i) {
    const auto at = static_cast<size_t>(i);
    const int64_t value =
        tensor.dtype == "I64" ? integer_at<int64_t>(tensor.data, at) : integer_at<int32_t>(tensor.data, at);
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
      return Status(StatusCode::kInvalidModel,
                    "tensor " + std::string(name) + " holds " + std::to_string(value) + ", which is out of range");
    }
    values.push_back(static_cast<int>(value));
  }
  return values;
}

}  // namespace mobilediffusion
