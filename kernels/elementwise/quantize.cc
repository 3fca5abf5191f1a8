// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/elementwise/quantize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/quantize.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/quantize_simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

void range_of_values(Reading from, size_t size, float* least, float* greatest) {
  with_type(from, [&](const auto* x) { widen_range(x, size, *least, *greatest); });
}

void quantize_by(Reading from, size_t size, Quantization quantization, int8_t* to) {
  with_type(from, [&](const auto* x) { quantize_values(x, size, quantization, to); });
}

void quantize_each_row(Reading from, size_t rows, size_t width, Quantization* quantization, int8_t* to) {
  with_type(from, [&](const auto* x) {
    for (size_t row = 0; row < rows; ++row) quantization[row] = quantize_row(x + row * width, width, to + row * width);
  });
}

void convert_range(Reading from, size_t size, Writing to) { convert_values(from, size, to); }

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(range_of_values);
HWY_EXPORT(quantize_by);
HWY_EXPORT(quantize_each_row);
HWY_EXPORT(convert_range);

constexpr int64_t kValuesAtOnce = 16384;  // 64 KB, which stays in a core's own cache

void quantize_rows(Context& context, const Tensor& x, Tensor& y) {
  const int64_t width = x.shape().c;
  context.threads().parallel_for(x.shape().rows(), std::max<int64_t>(1, kValuesAtOnce / width),
                                 [&](int64_t begin, int64_t end) {
                                   HWY_DYNAMIC_DISPATCH(quantize_each_row)
                                   (x.at(begin * width), static_cast<size_t>(end - begin), static_cast<size_t>(width),
                                    y.quantization() + begin, y.quantized() + begin * width);
                                 });
}

}  // namespace

Quantization quantize_range(Context& context, Reading x, int64_t size, int8_t* to) {
  const int64_t pieces = (size + kValuesAtOnce - 1) / kValuesAtOnce;
  std::vector<float> least(static_cast<size_t>(pieces)), greatest(static_cast<size_t>(pieces));
  context.threads().parallel_for(size, kValuesAtOnce, [&](int64_t begin, int64_t end) {
    const auto piece = static_cast<size_t>(begin / kValuesAtOnce);
    HWY_DYNAMIC_DISPATCH(range_of_values)(x + begin, static_cast<size_t>(end - begin), &least[piece], &greatest[piece]);
  });
  float low = 0, high = 0;
  for (size_t i = 0; i < least.size(); ++i) {
    if (std::isnan(low)) break;
    low = std::isnan(least[i]) ? least[i] : std::min(low, least[i]);
    high = std::max(high, greatest[i]);
  }
  const Quantization quantization = quantization_of(low, high);
  context.threads().parallel_for(size, kValuesAtOnce, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_by)(x + begin, static_cast<size_t>(end - begin), quantization, to + begin);
  });
  return quantization;
}

Tensor convert(Context& context, std::string_view name, const Tensor& x, Format format) {
  Tensor y = context.make(x.shape(), format);
  const auto call = context.begin(name, is_quantized(format) ? "quantize" : "convert");
  if (!call) return y;
  if (!is_quantized(format)) {
    context.threads().parallel_for(x.shape().elements(), kValuesAtOnce, [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(convert_range)(x.at(begin), static_cast<size_t>(end - begin), y.at(begin));
    });
  } else if (format == Format::kInt8PerRow) {
    quantize_rows(context, x, y);
  } else {
    const int64_t size = x.shape().pixels() * x.shape().c;
    for (int64_t picture = 0; picture < x.shape().n; ++picture) {
      y.quantization()[picture] = quantize_range(context, x.at(picture * size), size, y.quantized() + picture * size);
    }
  }
  if (is_quantized(format)) y.repeat_last_quantization();
  return y;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
