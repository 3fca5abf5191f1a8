// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// One way to compute a linear layer. Linear chooses among them by precision and processor, in one table (linear.cc).
// Each packs its weights when it is made, by a constructor
//
//   Algorithm(const std::string& name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
//             const Packing& packing, Status& status)
//
// that takes what Linear's does.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class LinearAlgorithm {
 public:
  LinearAlgorithm() = default;
  virtual ~LinearAlgorithm() = default;
  LinearAlgorithm(const LinearAlgorithm&) = delete;
  LinearAlgorithm& operator=(const LinearAlgorithm&) = delete;

  // From x, in its precision's format (int8: one quantization a row), into y, as part of the operator call `name` that
  // has begun. Failures are the context's.
  virtual void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const = 0;

  // Bytes of packed weights that it holds itself. Those in a store are the store's.
  virtual int64_t packed_bytes() const = 0;
};

}  // namespace mobilediffusion::kernels
