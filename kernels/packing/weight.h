// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A weight as it lies in a file: a view, owned by whoever mapped the file.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/runtime/data_type.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

struct WeightView {
  DataType type = DataType::kFloat32;
  std::vector<int64_t> shape;
  const void* data = nullptr;      // may be misaligned; null: the shape alone, for operators that only count
  std::vector<float> scales = {};  // of kInt8: value = quantized * scale of its first index

  int64_t elements() const {
    int64_t product = 1;
    for (const int64_t extent : shape) product *= extent;
    return product;
  }
  int64_t bytes() const { return elements() * static_cast<int64_t>(size_of(type)); }
};

// Puts it into `status` where a value is not finite, with the weight's name.
void require_finite(const WeightView& weight, std::string_view name, Status& status);

// A weight's values in float32. One that is not finite is put into `status`, with the weight's name.
std::vector<float> to_float32(const WeightView& weight, std::string_view name, Status& status);

}  // namespace mobilediffusion::kernels
