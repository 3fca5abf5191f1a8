// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// One way to compute a convolution. Conv2d chooses among them by shape and precision, in one table (conv2d.cc). Each
// packs its weights when it is made, by a constructor
//
//   Algorithm(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
//             const Packing& packing, Status& status)
//
// that takes `weight` as (out, in or 1 if depthwise, kernel, kernel) and `bias` as (out). Neither is needed afterwards,
// nor read where packing.store holds what they pack to. The first failure is put into `status`.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class ConvolutionAlgorithm {
 public:
  ConvolutionAlgorithm() = default;
  virtual ~ConvolutionAlgorithm() = default;
  ConvolutionAlgorithm(const ConvolutionAlgorithm&) = delete;
  ConvolutionAlgorithm& operator=(const ConvolutionAlgorithm&) = delete;

  // From x into y, which has the shape of the answer, as part of the operator call `name` that has begun. Failures are
  // the context's.
  virtual void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const = 0;

  // Bytes of packed weights that it holds itself. Those in a store are the store's.
  virtual int64_t packed_bytes() const = 0;
};

}  // namespace mobilediffusion::kernels
