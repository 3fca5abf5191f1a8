// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// y = x W^T + b over the last axis.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/linear/linear_spec.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

class LinearAlgorithm;

class Linear {
 public:
  // Packs `weight` (out, in) and `bias` (out; ignored where the spec has none), neither of which is needed afterwards,
  // nor read where packing.store holds what they pack to. Where they have no data the operator only counts. The first
  // failure is put into `status`.
  Linear(std::string name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
         const Packing& packing, Status& status);
  Linear(Linear&&) noexcept;
  Linear& operator=(Linear&&) noexcept;
  ~Linear();

  // What it reads without converting first: that of one of a precision, on this processor.
  static Format input_format_of(Precision precision);
  Format input_format() const { return input_format_; }

  // What computes one of a precision, on this processor.
  static Kernel kernel_of(Precision precision, const LinearSpec& spec);

  Tensor operator()(Context& context, const Tensor& x) const;

  // The same as part of another operator, whose call has begun: from x, in input_format(), into y, which has the
  // answer's shape and format.
  void run(Context& context, const Tensor& x, Tensor& y) const;

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const;

 private:
  std::string name_;
  LinearSpec spec_;
  Format input_format_;
  Kernel kernel_;
  std::unique_ptr<const LinearAlgorithm> algorithm_;
};

}  // namespace mobilediffusion::kernels
