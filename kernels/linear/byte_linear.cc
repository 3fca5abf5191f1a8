// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/byte_linear.h"

#include <algorithm>
#include <vector>

#include "kernels/packing/quantized_weight.h"

namespace mobilediffusion::kernels {

ByteLinear::ByteLinear(const std::string& name, const LinearSpec& spec, const WeightView& weight,
                       const WeightView& bias, const Packing& packing, Status& status) {
  QuantizedWeight quantized;
  std::vector<float> offsets;
  if (!packing.holds(name)) {
    quantized = quantize_weight(to_float32(weight, name + ".weight", status), spec.out);
    if (spec.bias) offsets = to_float32(bias, name + ".bias", status);
  }
  product_ = ByteProduct(name, {.in = spec.in, .out = spec.out}, quantized, offsets, packing, status);
}

void ByteLinear::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const int64_t in = x.shape().c, out = y.shape().c;
  const Tensor sums = product_.sums_of_pixels(context, x);
  if (!context.ok()) return;
  product_.run(
      context, x.shape().rows(),
      [&](int64_t first, int64_t rows, ByteRows& found) {
        for (int64_t row = 0; row < rows; ++row) {
          found.x[row] = x.quantized() + (first + row) * in;
          found.y[row] = (first + row) * out;
        }
        std::copy_n(ByteProduct::sums(sums) + first, rows, found.sums);
        std::copy_n(x.quantization() + first, rows, found.quantization);
      },
      y.at(0));
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
