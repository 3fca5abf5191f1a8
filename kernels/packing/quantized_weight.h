// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A weight in 8 bits: once, by output channel, symmetric.
#pragma once

#include <cstdint>
#include <vector>

namespace mobilediffusion::kernels {

// Of `rows` output channels, (rows, size): value = quantized * scale of its row.
struct QuantizedWeight {
  std::vector<int8_t> values;
  std::vector<float> scales;
};
QuantizedWeight quantize_weight(const std::vector<float>& weight, int64_t rows);
std::vector<float> dequantized(const QuantizedWeight& weight);

}  // namespace mobilediffusion::kernels
