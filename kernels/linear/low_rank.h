// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The sum of a matrix and a product of two thin ones: how a LoRA (Hu et al., 2021) changes a weight.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mobilediffusion::kernels {

// weight += scale * up * down: (rows, columns), (rows, rank), (rank, columns), each row after row.
void add_low_rank(std::span<const float> up, std::span<const float> down, int64_t rank, float scale,
                  std::vector<float>& weight);

}  // namespace mobilediffusion::kernels
