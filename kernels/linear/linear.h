// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// y = x W^T + b over the last axis.
#pragma once

#include <memory>
#include <string>

#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/runtime/context.h"

namespace mobilediffusion::kernels {

struct LinearSpec {
  int in = 0;
  int out = 0;
  bool bias = true;
};

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

  // What it reads without converting first.
  Format input_format() const { return input_format_; }

  Tensor operator()(Context& context, const Tensor& x) const;

 private:
  struct Packed;
  std::string name_;
  LinearSpec spec_;
  Format input_format_;
  std::unique_ptr<Packed> packed_;
};

}  // namespace mobilediffusion::kernels
