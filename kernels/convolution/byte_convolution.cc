// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/byte_convolution.h"

#include <algorithm>
#include <vector>

#include "kernels/packing/quantized_weight.h"

namespace mobilediffusion::kernels {

ByteConvolution::ByteConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                 const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec), phases_(name, spec, weight, bias, packing, status, [&](const std::vector<float>& taps) {
        return taps.empty() ? QuantizedWeight() : quantize_weight(taps, spec.out_channels);
      }) {}

void ByteConvolution::run_phase(Context& context, const Phases::Phase& phase, const Input& input, Tensor& y) const {
  const int64_t c = input.x.shape().c;
  const int32_t* const sums = ByteProduct::sums(input.sums);
  const PixelWalk walk(spec_, phase.pixels, input.x.shape(), y.shape());
  const auto locate = [&](int64_t first, int64_t rows, ByteRows& found) {
    const int8_t** tap = found.x;
    int32_t sum = 0;
    walk(
        first, rows,
        [&](int64_t /*i*/, int64_t picture, int64_t pixel) {
          const bool inside = pixel >= 0;
          *tap = inside ? input.x.quantized() + pixel * c : input.zeros.quantized() + picture * c;
          sum += inside ? sums[pixel] : input.x.quantization()[picture].zero_point * static_cast<int32_t>(c);
          tap += kByteRows;
        },
        [&](int64_t i, int64_t picture, int64_t value) {
          found.sums[i] = sum;
          found.quantization[i] = input.x.quantization()[picture];
          found.y[i] = value;
          sum = 0;
          tap = found.x + i + 1;
        });
  };
  phase.product.run(context, walk.rows(), locate, y.at(0));
}

void ByteConvolution::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  Tensor zeros = context.make({shape.n, 1, 1, shape.c}, Format::kInt8PerPicture);
  const Tensor sums = phases_.begin()->product.sums_of_pixels(context, x);
  if (!context.ok()) return;
  for (int64_t picture = 0; picture < shape.n; ++picture) {
    std::fill_n(zeros.quantized() + picture * shape.c, shape.c,
                static_cast<int8_t>(x.quantization()[picture].zero_point));
  }
  for (const Phases::Phase& phase : phases_) {
    if (!context.goes_on()) return;
    run_phase(context, phase, {x, zeros, sums}, y);
  }
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
