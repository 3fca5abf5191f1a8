// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/thin_convolution.h"

#include <cstddef>

#include "kernels/convolution/channels_last.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convolution/thin_convolution.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Outputs [0, kOut) of kPixels pixels from `x` on, which all see the columns of taps [first, last): the products of
// those, over all rows. `weight` is the first output's, (3, 3, in), and the next is one such behind it.
template <size_t kPixels, size_t kOut>
HWY_INLINE void sum_products(const Neighbours& from, size_t x, size_t first, size_t last, const float* weight,
                             const float* bias, size_t out, float* to) {
  const FloatTag d;
  Floats sums[kPixels][kOut];
  for (auto& of_pixel : sums) {
    for (Floats& sum : of_pixel) sum = hn::Zero(d);
  }
  for (size_t dy = 0; dy < 3; ++dy) {
    if (from.rows[dy] == nullptr) continue;
    const float* const values = from.rows[dy] + (x + first - 1) * from.in;
    const float* const weights = weight + (dy * 3 + first) * from.in;
    for_each_vector((last - first) * from.in, [&](size_t i, size_t count) {
      Floats w[kOut];
      for (size_t o = 0; o < kOut; ++o) w[o] = load(weights + o * 9 * from.in + i, count);
      for (size_t p = 0; p < kPixels; ++p) {
        const Floats v = load(values + p * from.in + i, count);
        for (size_t o = 0; o < kOut; ++o) sums[p][o] = hn::MulAdd(v, w[o], sums[p][o]);
      }
    });
  }
  for (size_t p = 0; p < kPixels; ++p) {
    for (size_t o = 0; o < kOut; ++o) to[(x + p) * out + o] = bias[o] + hn::GetLane(hn::SumOfLanes(d, sums[p][o]));
  }
}

// kOut outputs of a row of pixels.
template <size_t kOut>
HWY_INLINE void convolve_outputs(const Neighbours& from, const float* weight, const float* bias, size_t out,
                                 float* to) {
  // As many as have their sums in registers, of which these have 32.
  constexpr size_t kPixels = HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3) ? 4 : 2;
  const size_t width = from.width;
  sum_products<1, kOut>(from, 0, 1, width == 1 ? 2 : 3, weight, bias, out, to);
  size_t x = 1;
  for (; x + kPixels < width; x += kPixels) sum_products<kPixels, kOut>(from, x, 0, 3, weight, bias, out, to);
  for (; x + 1 < width; ++x) sum_products<1, kOut>(from, x, 0, 3, weight, bias, out, to);
  if (x < width) sum_products<1, kOut>(from, x, 0, 2, weight, bias, out, to);
}

void convolve_row(const Neighbours& from, const float* weight, const float* bias, size_t out, float* to) {
  for (size_t o = 0; o < out; o += 4) {
    const float* const of_output = weight + o * 9 * from.in;
    switch (out - o) {
      case 1:
        convolve_outputs<1>(from, of_output, bias + o, out, to + o);
        break;
      case 2:
        convolve_outputs<2>(from, of_output, bias + o, out, to + o);
        break;
      case 3:
        convolve_outputs<3>(from, of_output, bias + o, out, to + o);
        break;
      default:
        convolve_outputs<4>(from, of_output, bias + o, out, to + o);
    }
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {

HWY_EXPORT(convolve_row);

bool ThinConvolution::suits(const Conv2dSpec& spec) {
  return spec.kernel == 3 && spec.stride == 1 && !spec.depthwise && !spec.upsample_2x && spec.out_channels <= 8 &&
         spec.in_channels >= 16;
}

ThinConvolution::ThinConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                 const WeightView& bias, const Packing& /*packing*/, Status& status)
    : out_channels_(spec.out_channels),
      weight_(channels_last(to_float32(weight, name + ".weight", status), spec)),
      bias_(to_float32(bias, name + ".bias", status)) {}

void ThinConvolution::run(Context& context, std::string_view /*name*/, const Tensor& x, Tensor& y) const {
  const Shape& shape = x.shape();
  const int64_t from_row = shape.w * shape.c, to_row = shape.w * out_channels_;
  context.threads().parallel_for(shape.n * shape.h, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t h = row % shape.h;
      const float* const at = x.data() + row * from_row;
      const Neighbours rows{{h > 0 ? at - from_row : nullptr, at, h + 1 < shape.h ? at + from_row : nullptr},
                            static_cast<size_t>(shape.w),
                            static_cast<size_t>(shape.c)};
      HWY_DYNAMIC_DISPATCH(convolve_row)
      (rows, weight_.data(), bias_.data(), static_cast<size_t>(out_channels_), y.data() + row * to_row);
    }
  });
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
