// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Linear layers in half by our own product, on x86 processors with tiles of bfloat16.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/linear/linear_algorithm.h"
#include "kernels/linear/linear_spec.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/bfloat16_product.h"

namespace mobilediffusion::kernels {

class Bfloat16Linear final : public LinearAlgorithm {
 public:
  static bool suits(const LinearSpec& spec) { return Bfloat16Product::suits({.in = spec.in, .out = spec.out}); }

  Bfloat16Linear(const std::string& name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
                 const Packing& packing, Status& status);

  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override { return product_.packed_bytes(); }

 private:
  Bfloat16Product product_;
};

}  // namespace mobilediffusion::kernels
