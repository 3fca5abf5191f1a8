// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PyTorch's normal noise on a CPU, so that pictures can be compared with Python's: what
// torch.randn(..., generator=torch.Generator("cpu").manual_seed(seed)) gives, to 2 units in the last place, by which
// PyTorch's own vectorised and plain paths differ.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>

namespace mobilediffusion {

class TorchGenerator {
 public:
  explicit TorchGenerator(uint64_t seed) : engine_(static_cast<uint32_t>(seed)) {}

  // One call is one torch.randn() of as many float32 values; the next goes on where it stopped.
  void fill_normal(std::span<float> out);

 private:
  float uniform();                  // 24 bits, in [0, 1)
  double double_uniform();          // 53 bits
  double normal();                  // one of a pair
  void normal_block(float* block);  // 16 values

  std::mt19937 engine_;
  std::optional<double> other_;  // of the last pair
};

}  // namespace mobilediffusion
