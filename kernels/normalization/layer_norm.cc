// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "kernels/elementwise/quantize.h"
#include "kernels/normalization/norm.h"
#include "kernels/runtime/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization/layer_norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/quantize_simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// One row by itself, in two passes while it is in cache. False where its variance is not finite.
template <typename From, typename To>
HWY_INLINE bool normalize_row(const From* x, size_t width, float epsilon, const float* weight, const float* bias,
                              To* y) {
  const FloatTag d;
  Floats total = hn::Zero(d);
  for_each_vector(width, [&](size_t i, size_t count) { total = hn::Add(total, load(x + i, count)); });
  const float mean = hn::GetLane(hn::SumOfLanes(d, total)) / static_cast<float>(width);
  const Floats means = hn::Set(d, mean);
  Floats squares = hn::Zero(d);
  for_each_vector(width, [&](size_t i, size_t count) {
    const Floats v = hn::IfThenElseZero(hn::FirstN(d, count), hn::Sub(load(x + i, count), means));
    squares = hn::MulAdd(v, v, squares);
  });
  const float variance = hn::GetLane(hn::SumOfLanes(d, squares)) / static_cast<float>(width);
  const Floats inverse = hn::Set(d, 1.0f / std::sqrt(variance + epsilon));
  for_each_vector(width, [&](size_t i, size_t count) {
    const Floats v = hn::Mul(hn::Sub(load(x + i, count), means), inverse);
    store(hn::MulAdd(v, load(weight + i, count), load(bias + i, count)), count, y + i);
  });
  return std::isfinite(variance);
}

bool normalize_rows(Reading from, size_t rows, size_t width, float epsilon, const float* weight, const float* bias,
                    Writing to) {
  bool finite = true;
  with_type(from, [&](const auto* x) {
    with_type(to, [&](auto* y) {
      for (size_t row = 0; row < rows; ++row) {
        finite &= normalize_row(x + row * width, width, epsilon, weight, bias, y + row * width);
      }
    });
  });
  return finite;
}

// The same to 8 bits, by way of `normed`, which has room for one row.
bool normalize_and_quantize_rows(Reading from, size_t rows, size_t width, float epsilon, const float* weight,
                                 const float* bias, float* normed, Quantization* quantization, int8_t* y) {
  bool finite = true;
  with_type(from, [&](const auto* x) {
    for (size_t row = 0; row < rows; ++row) {
      finite &= normalize_row(x + row * width, width, epsilon, weight, bias, normed);
      quantization[row] = quantize_row(normed, width, y + row * width);
    }
  });
  return finite;
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {

HWY_EXPORT(normalize_rows);
HWY_EXPORT(normalize_and_quantize_rows);

LayerNorm::LayerNorm(std::string name, int /*width*/, float epsilon, const WeightView& weight, const WeightView& bias,
                     Status& status)
    : name_(std::move(name)), epsilon_(epsilon) {
  if (!status.ok() || weight.data == nullptr) return;
  weight_ = to_float32(weight, name_ + ".weight", status);
  bias_ = to_float32(bias, name_ + ".bias", status);
}

Tensor LayerNorm::operator()(Context& context, const Tensor& x, Format format) const {
  if (format == Format::kInt8PerPicture) return convert(context, name_, (*this)(context, x), format);
  Tensor y = context.make(x.shape(), format);
  const int64_t width = x.shape().c, piece = rows_per_piece(width);
  RowBuffers normed(context, format, x.shape());
  const auto call = context.begin(name_, "layer_norm");
  if (!call) return y;

  std::atomic<bool> finite = true;
  context.threads().parallel_for(x.shape().rows(), piece, [&](int64_t begin, int64_t end) {
    const Reading from = x.at(begin * width);
    const auto rows = static_cast<size_t>(end - begin), columns = static_cast<size_t>(width);
    const bool piece_finite =
        !is_quantized(format) ? HWY_DYNAMIC_DISPATCH(normalize_rows)(from, rows, columns, epsilon_, weight_.data(),
                                                                     bias_.data(), y.at(begin * width))
                              : HWY_DYNAMIC_DISPATCH(normalize_and_quantize_rows)(
                                    from, rows, columns, epsilon_, weight_.data(), bias_.data(),
                                    normed.of(begin / piece), y.quantization() + begin, y.quantized() + begin * width);
    if (!piece_finite) finite = false;
  });
  if (!finite) context.fail(not_finite(name_));
  if (is_quantized(format)) y.repeat_last_quantization();
  return y;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
