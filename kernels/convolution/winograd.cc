// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/packing/quantized_weight.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convolution/winograd.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

#ifndef MOBILEDIFFUSION_KERNELS_WINOGRAD_CC_
#define MOBILEDIFFUSION_KERNELS_WINOGRAD_CC_
namespace mobilediffusion::kernels {

// An algorithm along one axis: a tile of `in` values every `step` of them, multiplied at as many points, makes `out`
// values.
struct Tiling {
  int in, step, out;

  int points() const { return in * in; }
};
constexpr Tiling kPlain{.in = 6, .step = 4, .out = 4};
constexpr Tiling kUpsampled{.in = 3, .step = 1, .out = 2};

// Points of a plain tile: polynomials of three and of four coefficients are multiplied by their values at 0,
// +-sqrt(1/2), +-sqrt(2) and infinity. These lose least: against a sum in double precision the largest error over 512
// input channels is 3e-6 of the largest value, and 1.3e-5 with the customary +-1 and +-2; on average it is a direct
// sum's.
constexpr float kNear = 0.70710678f, kFar = 1.41421356f;

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// In place, six values of an axis to the six points.
HWY_INLINE void to_points(std::array<Floats, 6>& d) {
  const FloatTag t;
  const Floats half = hn::Set(t, 0.5f), two = hn::Set(t, 2.0f), most = hn::Set(t, 2.5f);
  const Floats at_zero = hn::Add(hn::NegMulAdd(most, d[2], d[0]), d[4]);
  const Floats at_infinity = hn::Add(hn::NegMulAdd(most, d[3], d[1]), d[5]);
  const Floats near_even = hn::NegMulAdd(two, d[2], d[4]), far_even = hn::NegMulAdd(half, d[2], d[4]);
  const Floats near = hn::Set(t, kNear), near_odd = hn::NegMulAdd(two, d[1], d[3]);
  const Floats far = hn::Set(t, kFar), far_odd = hn::NegMulAdd(half, d[1], d[3]);
  d = {at_zero,
       hn::MulAdd(near, near_odd, near_even),
       hn::NegMulAdd(near, near_odd, near_even),
       hn::MulAdd(far, far_odd, far_even),
       hn::NegMulAdd(far, far_odd, far_even),
       at_infinity};
}

// And six points to four values.
HWY_INLINE std::array<Floats, 4> from_points(const std::array<Floats, 6>& m) {
  const FloatTag t;
  const Floats near_even = hn::Add(m[1], m[2]), near_odd = hn::Mul(hn::Set(t, kNear), hn::Sub(m[1], m[2]));
  const Floats far_even = hn::Add(m[3], m[4]), far_odd = hn::Mul(hn::Set(t, kFar), hn::Sub(m[3], m[4]));
  const Floats half = hn::Set(t, 0.5f), two = hn::Set(t, 2.0f);
  return {hn::Add(m[0], hn::Add(near_even, far_even)), hn::Add(near_odd, far_odd),
          hn::MulAdd(two, far_even, hn::Mul(half, near_even)),
          hn::MulAdd(two, far_odd, hn::MulAdd(half, near_odd, m[5]))};
}

// Behind an upsampling, with taps a, b, c: the left half of a pixel is a * left + (b + c) * pixel, which is
// a * (left - pixel) + (a + b + c) * pixel, and the right half likewise. So three products make both.
HWY_INLINE void to_points(std::array<Floats, 3>& d) { d = {hn::Sub(d[0], d[1]), d[1], hn::Sub(d[2], d[1])}; }

HWY_INLINE std::array<Floats, 2> from_points(const std::array<Floats, 3>& m) {
  return {hn::Add(m[0], m[1]), hn::Add(m[1], m[2])};
}

// A tile's pixels, row by row, each of `channels` values, to the points one behind another.
template <typename T, size_t kIn>
HWY_INLINE void transform_tile(const void* const* pixels, size_t channels, float* points) {
  for_each_vector(channels, [&](size_t c, size_t count) {
    std::array<std::array<Floats, kIn>, kIn> columns{};
    for (size_t column = 0; column < kIn; ++column) {
      for (size_t row = 0; row < kIn; ++row)
        columns[column][row] = load(static_cast<const T*>(pixels[row * kIn + column]) + c, count);
      to_points(columns[column]);
    }
    for (size_t row = 0; row < kIn; ++row) {
      std::array<Floats, kIn> line{};
      for (size_t column = 0; column < kIn; ++column) line[column] = columns[column][row];
      to_points(line);
      for (size_t column = 0; column < kIn; ++column)
        store(line[column], count, points + (row * kIn + column) * channels + c);
    }
  });
}

// The way back, plus the bias. A pixel that is null lies outside the picture.
template <typename T, size_t kIn, size_t kOut>
HWY_INLINE void transform_tile_back(const float* points, size_t channels, const float* bias, void* const* pixels) {
  for_each_vector(channels, [&](size_t c, size_t count) {
    std::array<std::array<Floats, kOut>, kIn> columns{};
    for (size_t column = 0; column < kIn; ++column) {
      std::array<Floats, kIn> line{};
      for (size_t row = 0; row < kIn; ++row) line[row] = load(points + (row * kIn + column) * channels + c, count);
      columns[column] = from_points(line);
    }
    const Floats offset = load(bias + c, count);
    for (size_t row = 0; row < kOut; ++row) {
      std::array<Floats, kIn> line{};
      for (size_t column = 0; column < kIn; ++column) line[column] = columns[column][row];
      const std::array<Floats, kOut> values = from_points(line);
      for (size_t column = 0; column < kOut; ++column) {
        T* const to = static_cast<T*>(pixels[row * kOut + column]);
        if (to != nullptr) store(hn::Add(values[column], offset), count, to + c);
      }
    }
  });
}

void transform(bool upsampled, Format format, const void* const* pixels, size_t channels, float* points) {
  with_type(Reading{pixels[0], format}, [&]<typename T>(const T*) {
    if (upsampled) return transform_tile<T, kUpsampled.in>(pixels, channels, points);
    transform_tile<T, kPlain.in>(pixels, channels, points);
  });
}

void transform_back(bool upsampled, const float* points, size_t channels, const float* bias, Format format,
                    void* const* pixels) {
  with_type(Writing{pixels[0], format}, [&]<typename T>(T*) {
    if (upsampled) return transform_tile_back<T, kUpsampled.in, kUpsampled.out>(points, channels, bias, pixels);
    transform_tile_back<T, kPlain.in, kPlain.out>(points, channels, bias, pixels);
  });
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(transform);
HWY_EXPORT(transform_back);

// Tiles are taken some rows at a time, so that what is transformed and multiplied stays near the cores.
constexpr int64_t kBandBytes = int64_t{6} << 20;

const Tiling& tiling_of(const Conv2dSpec& spec) { return spec.upsample_2x ? kUpsampled : kPlain; }

// Three taps of an axis to the points.
std::array<double, 6> to_points(const Conv2dSpec& spec, double a, double b, double c) {
  if (spec.upsample_2x) return {a, a + b + c, c};
  // The value at a point, over the product of its distances from the others.
  const double near_even = (a + 0.5 * c) / -1.5, near_odd = 0.70710678118654752 * b / -1.5;
  const double far_even = (a + 2 * c) / 6, far_odd = 1.41421356237309505 * b / 6;
  return {a, near_even + near_odd, near_even - near_odd, far_even + far_odd, far_even - far_odd, c};
}

// From (out, in, 3, 3) to (points, out, in).
std::vector<float> transformed_weight(const std::vector<float>& weight, const Conv2dSpec& spec) {
  const size_t side = static_cast<size_t>(tiling_of(spec).in);
  const size_t size = weight.size() / 9;
  std::vector<float> to(size * side * side);
  for (size_t i = 0; i < size; ++i) {
    const float* const taps = weight.data() + i * 9;
    std::array<std::array<double, 6>, 3> rows;
    for (size_t row = 0; row < 3; ++row)
      rows[row] = to_points(spec, taps[3 * row], taps[3 * row + 1], taps[3 * row + 2]);
    for (size_t column = 0; column < side; ++column) {
      const std::array<double, 6> line = to_points(spec, rows[0][column], rows[1][column], rows[2][column]);
      for (size_t row = 0; row < side; ++row) to[(row * side + column) * size + i] = static_cast<float>(line[row]);
    }
  }
  return to;
}

}  // namespace

bool WinogradConvolution::suits(const Conv2dSpec& spec, Precision precision) {
  constexpr int kFewestChannels = 64;  // below these, transforming costs what it saves
  // Above these, a tile's weights, four times as many as the kernel's, no longer stay near; and in half they take
  // eight times the memory of int8.
  const int64_t most = precision == Precision::kInt8 ? 384 * 384 : 640 * 640;
  return spec.kernel == 3 && spec.stride == 1 && !spec.depthwise && spec.in_channels >= kFewestChannels &&
         spec.out_channels >= kFewestChannels && int64_t{spec.in_channels} * spec.out_channels <= most;
}

WinogradConvolution::WinogradConvolution(const std::string& name, const Conv2dSpec& spec, const WeightView& weight,
                                         const WeightView& bias, const Packing& packing, Status& status)
    : spec_(spec), bias_(to_float32(bias, name + ".bias", status)) {
  const std::string packed_name = name + ".winograd";
  std::vector<float> kernel;
  if (!packing.holds(packed_name)) {
    std::vector<float> taps = to_float32(weight, name + ".weight", status);
    if (packing.precision == Precision::kInt8) taps = dequantized(quantize_weight(taps, spec.out_channels));
    kernel = transformed_weight(taps, spec);
  }
  // What 8 bits hold of the taps, half precision holds of the points.
  const bool is_float32 = packing.precision == Precision::kFloat32;
  products_ = make_point_products(
      packed_name, {.count = tiling_of(spec).points(), .in = spec.in_channels, .out = spec.out_channels}, kernel,
      {is_float32 ? Precision::kFloat32 : Precision::kFloat16, packing.store}, status);
}

void WinogradConvolution::run(Context& context, std::string_view name, const Tensor& x, Tensor& y) const {
  const Tiling& tiling = tiling_of(spec_);
  const Shape &from = x.shape(), &to = y.shape();
  const int64_t points = tiling.points(), in = from.c, out = to.c;
  const int64_t across = (to.w + tiling.out - 1) / tiling.out, down = (to.h + tiling.out - 1) / tiling.out;
  const int64_t row_bytes = across * points * (in + out) * static_cast<int64_t>(sizeof(float));
  const int64_t rows = from.n * down;  // of tiles, of all pictures
  const int64_t band = std::clamp<int64_t>(kBandBytes / row_bytes, 1, rows);
  Tensor transformed = context.make({1, band, across, points * in});
  Tensor products = context.make({1, band, across, points * out});
  Tensor zeros = context.make({1, 1, 1, in});  // in float32, and as many in half
  if (!context.ok()) return;
  std::fill_n(zeros.data(), in, 0.0f);
  const int64_t grain = std::max<int64_t>(1, 16384 / (points * std::max(in, out)));

  for (int64_t begin = 0; begin < rows; begin += band) {
    if (!context.goes_on()) return;
    const int64_t tiles = std::min(band, rows - begin) * across;
    context.threads().parallel_for(tiles, grain, [&](int64_t first, int64_t last) {
      std::array<const void*, kPlain.in * kPlain.in> pixels;
      for (int64_t tile = first; tile < last; ++tile) {
        const int64_t row = begin + tile / across;
        const int64_t top = row % down * tiling.step - 1, left = tile % across * tiling.step - 1;
        const Reading picture = x.at(row / down * from.h * from.w * in);
        for (int64_t i = 0; i < points; ++i) {
          const int64_t h = top + i / tiling.in, w = left + i % tiling.in;
          const bool inside = h >= 0 && h < from.h && w >= 0 && w < from.w;
          pixels[static_cast<size_t>(i)] = inside ? (picture + (h * from.w + w) * in).data : zeros.data();
        }
        HWY_DYNAMIC_DISPATCH(transform)
        (spec_.upsample_2x, x.format(), pixels.data(), static_cast<size_t>(in),
         transformed.data() + tile * points * in);
      }
    });
    products_->run(context, name, tiles, transformed.data(), products.data());
    if (!context.goes_on()) return;
    context.threads().parallel_for(tiles, grain, [&](int64_t first, int64_t last) {
      std::array<void*, kPlain.out * kPlain.out> pixels;
      for (int64_t tile = first; tile < last; ++tile) {
        const int64_t row = begin + tile / across;
        const int64_t top = row % down * tiling.out, left = tile % across * tiling.out;
        const Writing picture = y.at(row / down * to.h * to.w * out);
        for (int64_t i = 0; i < tiling.out * tiling.out; ++i) {
          const int64_t h = top + i / tiling.out, w = left + i % tiling.out;
          pixels[static_cast<size_t>(i)] = h < to.h && w < to.w ? (picture + (h * to.w + w) * out).data : nullptr;
        }
        HWY_DYNAMIC_DISPATCH(transform_back)
        (spec_.upsample_2x, products.data() + tile * points * out, static_cast<size_t>(out), bias_.data(), y.format(),
         pixels.data());
      }
    });
  }
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
