// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/bfloat16_linear.h"

#include <vector>

namespace mobilediffusion::kernels {

Bfloat16Linear::Bfloat16Linear(const std::string& name, const LinearSpec& spec, const WeightView& weight,
                               const WeightView& bias, const Packing& packing, Status& status) {
  std::vector<float> matrix, offsets;
  if (!packing.holds(name)) {
    matrix = to_float32(weight, name + ".weight", status);
    if (spec.bias) offsets = to_float32(bias, name + ".bias", status);
  }
  product_ = Bfloat16Product(name, {.in = spec.in, .out = spec.out}, matrix, offsets, packing, status);
}

void Bfloat16Linear::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const RoundedPixels rounded(context, x);
  if (!context.ok()) return;
  const int64_t out = y.shape().c;
  product_.run(
      context, x.shape().rows(),
      [&](int64_t first, int64_t rows, Bfloat16Product::Rows& found) {
        for (int64_t row = 0; row < rows; ++row) {
          found.x[row] = rounded.pixel(first + row);
          found.y[row] = (first + row) * out;
        }
      },
      y.at(0));
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
