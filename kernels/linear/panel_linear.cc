// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/panel_linear.h"

#include <vector>

namespace mobilediffusion::kernels {

PanelLinear::PanelLinear(const std::string& name, const LinearSpec& spec, const WeightView& weight,
                         const WeightView& bias, const Packing& packing, Status& status) {
  std::vector<float> matrix, offsets;
  if (!packing.holds(name)) {
    matrix = to_float32(weight, name + ".weight", status);
    if (spec.bias) offsets = to_float32(bias, name + ".bias", status);
  }
  product_ = PanelProduct(name, {.in = spec.in, .out = spec.out}, matrix, offsets, packing, status);
}

void PanelLinear::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  product_.run(context, x.shape().rows(), x.at(0), x.shape().c, y.at(0), y.shape().c);
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
