// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/byte_convolution.h"

#include <algorithm>
#include <utility>

#include "kernels/convolution/channels_last.h"
#include "kernels/convolution/upsampling_phases.h"
#include "kernels/packing/quantized_weight.h"

namespace mobilediffusion::kernels {

ByteConvolution::ByteConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                 const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec) {
  if (spec.upsample_2x) {
    for (const int row : {0, 1}) {
      for (const int column : {0, 1})
        phases_.push_back({.row = row, .column = column, .step = 2, .top = row - 1, .left = column - 1, .product = {}});
    }
  } else {
    phases_.push_back({.top = -spec.padding_before(), .left = -spec.padding_before(), .product = {}});
  }
  const auto name_of = [&](const Phase& phase) {
    return spec.upsample_2x ? name + ".phase_" + std::to_string(phase.row) + std::to_string(phase.column) : name;
  };
  std::vector<float> taps, offsets;
  if (!std::ranges::all_of(phases_, [&](const Phase& phase) { return packing.holds(name_of(phase)); })) {
    taps = to_float32(weight, name + ".weight", status);
    offsets = to_float32(bias, name + ".bias", status);
  }
  for (Phase& phase : phases_) {
    if (!status.ok()) return;
    QuantizedWeight quantized;
    if (!taps.empty()) {
      quantized = quantize_weight(
          spec.upsample_2x ? phase_kernel(taps, spec, phase.row, phase.column) : channels_last(taps, spec),
          spec.out_channels);
    }
    phase.product = ByteProduct(name_of(phase), matrix(spec), quantized, offsets, packing, status);
  }
}

void ByteConvolution::run_phase(Context& context, const Phase& phase, const Input& input, Tensor& y) const {
  const Shape &from = input.x.shape(), &to = y.shape();
  const int32_t* const sums = ByteProduct::sums(input.sums);
  const int kernel = side(spec_);
  const int64_t h = to.h / phase.step, w = to.w / phase.step;
  const auto locate = [&](int64_t first, int64_t rows, ByteRows& found) {
    int64_t column = first % w, row = first / w % h, picture = first / w / h;
    for (int64_t i = 0; i < rows; ++i) {
      const Quantization& quantization = input.x.quantization()[picture];
      const int8_t** tap = found.x + i;
      int32_t sum = 0;
      for (int64_t down = row * spec_.stride + phase.top, end = down + kernel; down < end; ++down) {
        for (int64_t right = column * spec_.stride + phase.left, stop = right + kernel; right < stop;
             ++right, tap += kByteRows) {
          const bool inside = down >= 0 && down < from.h && right >= 0 && right < from.w;
          const int64_t pixel = (picture * from.h + down) * from.w + right;
          *tap = inside ? input.x.quantized() + pixel * from.c : input.zeros.quantized() + picture * from.c;
          sum += inside ? sums[pixel] : quantization.zero_point * static_cast<int32_t>(from.c);
        }
      }
      found.sums[i] = sum;
      found.quantization[i] = quantization;
      found.y[i] = ((picture * to.h + row * phase.step + phase.row) * to.w + column * phase.step + phase.column) * to.c;
      if (++column < w) continue;
      column = 0;
      if (++row < h) continue;
      row = 0;
      ++picture;
    }
  };
  phase.product.run(context, to.n * h * w, locate, y.at(0));
}

void ByteConvolution::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  Tensor zeros = context.make({shape.n, 1, 1, shape.c}, Format::kInt8PerPicture);
  const Tensor sums = phases_.front().product.sums_of_pixels(context, x);
  if (!context.ok()) return;
  for (int64_t picture = 0; picture < shape.n; ++picture) {
    std::fill_n(zeros.quantized() + picture * shape.c, shape.c,
                static_cast<int8_t>(x.quantization()[picture].zero_point));
  }
  for (const Phase& phase : phases_) {
    if (!context.goes_on()) return;
    run_phase(context, phase, {x, zeros, sums}, y);
  }
  context.goes_on();  // what was cut short must not count
}

int64_t ByteConvolution::packed_bytes() const {
  int64_t bytes = 0;
  for (const Phase& phase : phases_) bytes += phase.product.packed_bytes();
  return bytes;
}

}  // namespace mobilediffusion::kernels
