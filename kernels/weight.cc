// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/weight.h"

#include <cmath>
#include <cstring>

namespace mobilediffusion::kernels {
namespace {

uint16_t half_at(const void* data, int64_t i) {
  uint16_t bits;
  std::memcpy(&bits, static_cast<const char*>(data) + 2 * i, sizeof bits);
  return bits;
}

}  // namespace

std::vector<float> to_float32(const WeightView& weight, std::string_view name, Status& status) {
  const int64_t count = weight.elements();
  std::vector<float> values(static_cast<size_t>(count));
  switch (weight.type) {
    case DataType::kFloat32: std::memcpy(values.data(), weight.data, values.size() * sizeof(float)); break;
    case DataType::kFloat16:
      for (int64_t i = 0; i < count; ++i) values[i] = float_from_float16(half_at(weight.data, i));
      break;
    case DataType::kBFloat16:
      for (int64_t i = 0; i < count; ++i) values[i] = float_from_bfloat16(half_at(weight.data, i));
      break;
  }
  for (int64_t i = 0; status.ok() && i < count; ++i) {
    if (!std::isfinite(values[i])) {
      status = Status(StatusCode::kNonFinite, "weight " + std::string(name) + " holds a NaN or an infinity at element " +
                                                  std::to_string(i) + " of " + std::to_string(count));
    }
  }
  return values;
}

}  // namespace mobilediffusion::kernels
