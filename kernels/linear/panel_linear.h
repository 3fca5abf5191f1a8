// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A linear layer by our own product, whose sums are float32's; its weights are in the precision that is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/linear/linear_algorithm.h"
#include "kernels/linear/linear_spec.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/panel_product.h"

namespace mobilediffusion::kernels {

class PanelLinear final : public LinearAlgorithm {
 public:
  PanelLinear(const std::string& name, const LinearSpec& spec, const WeightView& weight, const WeightView& bias,
              const Packing& packing, Status& status);

  void run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const override;

  int64_t packed_bytes() const override { return product_.packed_bytes(); }

 private:
  PanelProduct product_;
};

}  // namespace mobilediffusion::kernels
