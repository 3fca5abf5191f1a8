// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/bfloat16_convolution.h"

#include <vector>

namespace mobilediffusion::kernels {

Bfloat16Convolution::Bfloat16Convolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                         const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec), phases_(name, spec, weight, bias, packing, status, [](std::vector<float> taps) { return taps; }) {}

void Bfloat16Convolution::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const RoundedPixels rounded(context, x);
  for (const Phases::Phase& phase : phases_) {
    if (!context.goes_on()) return;
    const PixelWalk walk(spec_, phase.pixels, x.shape(), y.shape());
    const auto locate = [&](int64_t first, int64_t rows, Bfloat16Product::Rows& found) {
      const Bfloat16** tap = found.x;
      walk(
          first, rows,
          [&](int64_t /*i*/, int64_t /*picture*/, int64_t pixel) {
            *tap = pixel < 0 ? rounded.zeros() : rounded.pixel(pixel);
            tap += Bfloat16Product::kRowsAtOnce;
          },
          [&](int64_t i, int64_t /*picture*/, int64_t value) {
            found.y[i] = value;
            tap = found.x + i + 1;
          });
    };
    phase.product.run(context, walk.rows(), locate, y.at(0));
  }
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
