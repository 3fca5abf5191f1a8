// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/quantized_weight.h"

#include <algorithm>
#include <cmath>

namespace mobilediffusion::kernels {

QuantizedWeight quantize_weight(const std::vector<float>& weight, int64_t rows) {
  QuantizedWeight quantized{std::vector<int8_t>(weight.size()), std::vector<float>(static_cast<size_t>(rows))};
  const size_t size = rows == 0 ? 0 : weight.size() / static_cast<size_t>(rows);
  for (size_t row = 0; row < quantized.scales.size(); ++row) {
    const float* const from = weight.data() + row * size;
    float largest = 0;
    for (size_t i = 0; i < size; ++i) largest = std::max(largest, std::abs(from[i]));
    const float scale = largest > 0 ? largest / 127.0f : 1.0f;
    quantized.scales[row] = scale;
    for (size_t i = 0; i < size; ++i) {
      quantized.values[row * size + i] = static_cast<int8_t>(std::lrint(std::clamp(from[i] / scale, -127.0f, 127.0f)));
    }
  }
  return quantized;
}

std::vector<float> dequantized(const QuantizedWeight& weight) {
  std::vector<float> values(weight.values.size());
  const size_t size = weight.scales.empty() ? 0 : values.size() / weight.scales.size();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(weight.values[i]) * weight.scales[i / size];
  return values;
}

}  // namespace mobilediffusion::kernels
