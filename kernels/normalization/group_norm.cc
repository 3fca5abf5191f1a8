// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/normalization/norm.h"
#include "kernels/runtime/quantization.h"
#include "kernels/runtime/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization/group_norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/quantize_simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// What a normalisation does to each column.
struct ScaledColumns {
  const float *mean, *scale, *bias;
};

// Calls sink(at, count, values) for the vectors of y = (x - mean) * scale + bias. The mean goes first: folded into the
// bias it would cancel there, in float32, where it is far from zero.
template <typename Sink>
HWY_INLINE void scale_rows(Reading from, size_t rows, size_t channels, const ScaledColumns& by, Sink&& sink) {
  with_type(from, [&](const auto* x) {
    for (size_t row = 0; row < rows; ++row) {
      for_each_vector(channels, [&](size_t c, size_t count) {
        prefetch(x + row * channels + c);
        const Floats centred = hn::Sub(load(x + row * channels + c, count), load(by.mean + c, count));
        sink(row * channels + c, count, hn::MulAdd(centred, load(by.scale + c, count), load(by.bias + c, count)));
      });
    }
  });
}

void normalize(Reading x, size_t rows, size_t channels, const float* mean, const float* scale, const float* bias,
               bool activate, Writing to) {
  const ScaledColumns by{mean, scale, bias};
  with_type(to, [&](auto* y) {
    if (activate) {
      scale_rows(x, rows, channels, by,
                 [&](size_t at, size_t count, Floats v) { store(silu_for(v, y), count, y + at); });
    } else {
      scale_rows(x, rows, channels, by, [&](size_t at, size_t count, Floats v) { store(v, count, y + at); });
    }
  });
}

// To 8 bits by a range known beforehand.
void normalize_and_quantize(Reading x, size_t rows, size_t channels, const float* mean, const float* scale,
                            const float* bias, bool activate, Quantization quantization, int8_t* y) {
  const ScaledColumns by{mean, scale, bias};
  const Quantizer quantizer(quantization);
  if (activate) {
    scale_rows(x, rows, channels, by,
               [&](size_t at, size_t count, Floats v) { quantizer.store(approximate_silu(v), count, y + at); });
  } else {
    scale_rows(x, rows, channels, by, [&](size_t at, size_t count, Floats v) { quantizer.store(v, count, y + at); });
  }
}

// To 8 bits, each row by its own, by way of `normed`, which has room for one.
void normalize_and_quantize_each_row(Reading x, size_t rows, size_t channels, const float* mean, const float* scale,
                                     const float* bias, bool activate, float* normed, Quantization* quantization,
                                     int8_t* y) {
  for (size_t row = 0; row < rows; ++row) {
    normalize(x + static_cast<int64_t>(row * channels), /*rows=*/1, channels, mean, scale, bias, activate,
              {normed, Format::kFloat32});
    quantization[row] = quantize_row(normed, channels, y + row * channels);
  }
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(normalize);
HWY_EXPORT(normalize_and_quantize);
HWY_EXPORT(normalize_and_quantize_each_row);

float silu(float x) { return x / (1.0f + std::exp(-x)); }

// The least and greatest y of a column whose x lie between two values. SiLU falls to its least value, -0.2785 at
// -1.2785, and rises from there.
std::pair<float, float> column_range(float low, float high, float mean, float scale, float bias, bool activate) {
  auto [least, greatest] = std::minmax({(low - mean) * scale + bias, (high - mean) * scale + bias});
  if (!activate) return {least, greatest};
  const bool dips = least < -1.2784645f && greatest > -1.2784645f;
  const auto [at_least, at_greatest] = std::minmax({silu(least), silu(greatest)});
  return {dips ? -0.2784645f : at_least, at_greatest};
}

}  // namespace

Status not_finite(const std::string& name) {
  return Status(StatusCode::kNonFinite, "a NaN or an infinity reached " + name);
}

GroupNorm::GroupNorm(std::string name, int /*channels*/, int groups, float epsilon, const WeightView& weight,
                     const WeightView& bias, Status& status)
    : name_(std::move(name)), groups_(groups), epsilon_(epsilon) {
  if (!status.ok() || weight.data == nullptr) return;
  weight_ = to_float32(weight, name_ + ".weight", status);
  bias_ = to_float32(bias, name_ + ".bias", status);
}

Quantization GroupNorm::quantization(const Statistics& of, Fused fused) const {
  float low = 0, high = 0;
  for (size_t c = 0; c < of.mean.size(); ++c) {
    const auto [from, to] =
        column_range(of.least[c], of.greatest[c], of.mean[c], of.scale[c], bias_[c], fused == Fused::kSilu);
    low = std::min(low, from);
    high = std::max(high, to);
  }
  return quantization_of(low, high);
}

Tensor GroupNorm::operator()(Context& context, const Tensor& x, Fused fused, Format format) const {
  Tensor y = context.make(x.shape(), format);
  run(context, x, fused, y);
  return y;
}

Tensor GroupNorm::operator()(Context& context, Tensor&& x, Fused fused, Format format) const {
  Tensor given = std::move(x);
  if (format != given.format()) return (*this)(context, std::as_const(given), fused, format);
  run(context, given, fused, given);
  return given;
}

// Pixels of x, and where their answers are in y. With a quantization for each pixel, room for values between.
struct GroupNorm::Rows {
  const Tensor& x;
  int64_t from, to, count;
  RowBuffers& normed;
  Quantization of_picture;
};

void GroupNorm::write(Context& context, const Statistics& of, const Rows& rows, Fused fused, Tensor& y) const {
  const int64_t channels = y.shape().c, piece = rows_per_piece(channels);
  const bool activate = fused == Fused::kSilu;
  context.threads().parallel_for(rows.count, piece, [&](int64_t begin, int64_t end) {
    const int64_t to = rows.to + begin;
    const Reading from = rows.x.at((rows.from + begin) * channels);
    const auto count = static_cast<size_t>(end - begin), width = static_cast<size_t>(channels);
    const float *const mean = of.mean.data(), *const scale = of.scale.data();
    switch (y.format()) {
      case Format::kFloat32:
      case Format::kFloat16:
        HWY_DYNAMIC_DISPATCH(normalize)
        (from, count, width, mean, scale, bias_.data(), activate, y.at(to * channels));
        break;
      case Format::kInt8PerPicture:
        HWY_DYNAMIC_DISPATCH(normalize_and_quantize)
        (from, count, width, mean, scale, bias_.data(), activate, rows.of_picture, y.quantized() + to * channels);
        break;
      case Format::kInt8PerRow:
        HWY_DYNAMIC_DISPATCH(normalize_and_quantize_each_row)
        (from, count, width, mean, scale, bias_.data(), activate, rows.normed.of(begin / piece), y.quantization() + to,
         y.quantized() + to * channels);
        break;
    }
  });
}

// y may be x itself.
void GroupNorm::run(Context& context, const Tensor& x, Fused fused, Tensor& y) const {
  RowBuffers normed(context, y.format(), x.shape());
  const auto call = context.begin(name_, "group_norm");
  if (!call) return;
  const int64_t pixels = x.shape().pixels();
  for (int64_t picture = 0; picture < x.shape().n; ++picture) {
    const int64_t first = picture * pixels;
    const Statistics statistics = measure(context, x.at(first * x.shape().c), x.shape());
    if (!context.ok()) return;
    Rows rows{x, first, first, pixels, normed, {}};
    if (y.format() == Format::kInt8PerPicture)
      rows.of_picture = y.quantization()[picture] = quantization(statistics, fused);
    write(context, statistics, rows, fused, y);
  }
  if (is_quantized(y.format())) y.repeat_last_quantization();
}

void GroupNorm::apply(Context& context, const Statistics& statistics, const Tensor& x, int64_t row, Fused fused,
                      Tensor& y) const {
  RowBuffers none(context, Format::kFloat32, y.shape());
  const auto call = context.begin(name_, "group_norm");
  if (!call) return;
  Rows rows{x, row * x.shape().w, 0, y.shape().pixels(), none, {}};
  if (y.format() == Format::kInt8PerPicture) rows.of_picture = *y.quantization() = quantization(statistics, fused);
  write(context, statistics, rows, fused, y);
  if (is_quantized(y.format())) y.repeat_last_quantization();
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
