// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/embedding.h"

#include <cstring>

namespace mobilediffusion {

Embedding::Embedding(const Scope& at, int rows, int width) : width_(width) {
  const kernels::WeightView weight = at.get("weight", {rows, width});
  if (weight.data == nullptr) return;
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(weight.data),
                                         static_cast<size_t>(weight.bytes()));
  type_ = weight.type;
  scales_ = weight.scales;
  if (!at.packing().holds(at.name())) kernels::require_finite(weight, at.name() + ".weight", at.status());
  if (kernels::PackedWeights* const store = at.packing().store; store != nullptr) {
    table_ = store->keep(at.name(), static_cast<uint32_t>(type_), bytes);
    if (table_.empty() && !store->mismatched() && at.status().ok())
      at.status() = Status(StatusCode::kOutOfMemory, "no memory for " + at.name() + ".weight");
  } else {
    own_.assign(bytes.begin(), bytes.end());
    table_ = own_;
  }
  at.release(weight);
}

void Embedding::add_row(int row, float* to) const {
  const std::byte* from = table_.data() + row * width_ * static_cast<int64_t>(kernels::size_of(type_));
  for (int64_t i = 0; i < width_; ++i, from += kernels::size_of(type_)) {
    if (type_ == kernels::DataType::kFloat32) {
      float value;
      std::memcpy(&value, from, sizeof value);
      to[i] += value;
    } else if (type_ == kernels::DataType::kInt8) {
      to[i] += static_cast<float>(std::to_integer<int8_t>(*from)) * scales_[static_cast<size_t>(row)];
    } else {
      uint16_t bits;
      std::memcpy(&bits, from, sizeof bits);
      to[i] +=
          type_ == kernels::DataType::kFloat16 ? kernels::float_from_float16(bits) : kernels::float_from_bfloat16(bits);
    }
  }
}

}  // namespace mobilediffusion
