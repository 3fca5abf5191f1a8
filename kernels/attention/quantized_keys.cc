// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/quantized_keys.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/xnnpack/int8_operator.h"
#include "kernels/xnnpack/xnnpack_versions.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/quantized_keys.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/quantize_simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

void quantize_queries(const float* x, size_t rows, size_t width, Quantization* quantization, int8_t* to) {
  for (size_t row = 0; row < rows; ++row) quantization[row] = quantize_row(x + row * width, width, to + row * width);
}

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// x - mean, symmetric: returns what 1 stands for, NaN where a value is not finite.
float quantize_centred(const float* x, const float* mean, size_t size, int8_t* to) {
  const FloatTag d;
  Floats most = hn::Zero(d), spoilt = hn::Zero(d);
  for_each_vector(size, [&](size_t i, size_t count) {
    const Floats v = hn::Sub(load(x + i, count), load(mean + i, count));
    most = hn::Max(most, hn::Abs(v));
    spoilt = hn::Add(spoilt, hn::Sub(v, v));
  });
  if (!hn::AllTrue(d, hn::Eq(spoilt, hn::Zero(d)))) return kNaN;
  const float largest = hn::GetLane(hn::MaxOfLanes(d, most));
  const float scale = largest > 0 ? largest / 127.0f : 1.0f;
  const Quantizer quantizer({0, scale});
  for_each_vector(size, [&](size_t i, size_t count) {
    quantizer.store(hn::Sub(load(x + i, count), load(mean + i, count)), count, to + i);
  });
  return scale;
}

// Softmax of a row of scores: the exponentials, one for the largest, to 255 levels, and what that leaves over, which is
// half a level at most, to as many. The total that they are divided by is in what the levels mean.
void softmax_in_two_parts(const float* scores, size_t size, Quantization& coarse, int8_t* high, Quantization& fine,
                          int8_t* low) {
  const FloatTag d;
  const Floats top = largest_of(scores, size);
  const Quantizer to_high({-128, 1.0f / 255.0f}), to_low({0, 1.0f / 254.0f});
  const Floats rounding = hn::Set(d, kRounding), levels = hn::Set(d, 255.0f), least = hn::Set(d, -126.0f);
  Floats total = hn::Zero(d);
  for_each_vector(size, [&](size_t i, size_t count) {
    const Floats below = hn::Sub(load(scores + i, count), top);
    const Floats e = approximate_exp2(at_least(hn::Mul(below, hn::Set(d, kLog2OfE)), least));
    total = hn::Add(total, hn::IfThenElseZero(hn::FirstN(d, count), e));
    const Floats level = hn::Mul(e, levels);
    to_high.store(e, count, high + i);
    to_low.store(hn::Sub(level, hn::Sub(hn::Add(level, rounding), rounding)), count, low + i);
  });
  // Scores that are not finite must not come out as an answer.
  const float step = std::isfinite(hn::GetLane(top)) ? 1.0f / (255.0f * hn::GetLane(hn::SumOfLanes(d, total))) : kNaN;
  coarse = {-128, step};
  fine = {0, step / 254.0f};
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(quantize_queries);
HWY_EXPORT(quantize_centred);
HWY_EXPORT(softmax_in_two_parts);

constexpr int64_t kBlockValues = 524288;  // 512 KB
constexpr int64_t kChannelsAtOnce = 16;   // a line of memory

// Adds a block's `part` (rows, d) to the sums, or writes it there where it is the first.
void add_part(Context& context, const float* part, int64_t rows, int64_t d, bool first, float* sums) {
  if (!context.ok()) return;
  context.threads().parallel_for(rows * d, 16384, [&](int64_t begin, int64_t end) {
    if (first) {
      std::copy(part + begin, part + end, sums + begin);
    } else {
      for (int64_t i = begin; i < end; ++i) sums[i] += part[i];
    }
  });
}

}  // namespace

QuantizedKeys::QuantizedKeys(Context& context, std::string_view name, const float* keys, const float* values,
                             int64_t count, int64_t d)
    : name_(name), count_(count), d_(d) {
  const std::vector<float> mean = mean_of(keys);
  const int64_t most = std::max<int64_t>(64, kBlockValues / d_);
  std::vector<int8_t> quantized(static_cast<size_t>(std::min(most, count_) * d_));
  std::vector<float> scales(static_cast<size_t>(std::max(std::min(most, count_), d_)));
  for (int64_t begin = 0; begin < count_ && context.ok(); begin += most) {
    Block& block = blocks_.emplace_back();
    block.begin = begin;
    const int64_t size = std::min(most, count_ - begin);
    context.threads().parallel_for(size, 64, [&](int64_t first, int64_t last) {
      for (int64_t key = first; key < last; ++key) {
        scales[static_cast<size_t>(key)] = HWY_DYNAMIC_DISPATCH(quantize_centred)(
            keys + (begin + key) * d_, mean.data(), static_cast<size_t>(d_), quantized.data() + key * d_);
      }
    });
    block.keys = create(context, d_, d_, size, count_, scales, quantized);
    quantize_channels(context, values + begin * d_, size, quantized, scales);
    block.values = create(context, size, count_, d_, d_, scales, quantized);
  }
}

void QuantizedKeys::score(Context& context, const float* queries, int64_t rows, float* scores) const {
  Tensor quantized = context.make({1, 1, rows, d_}, Format::kInt8PerRow);
  if (!context.ok()) return;
  context.threads().parallel_for(rows, std::max<int64_t>(1, 16384 / d_), [&](int64_t first, int64_t last) {
    HWY_DYNAMIC_DISPATCH(quantize_queries)
    (queries + first * d_, static_cast<size_t>(last - first), static_cast<size_t>(d_), quantized.quantization() + first,
     quantized.quantized() + first * d_);
  });
  quantized.repeat_last_quantization();
  for (const Block& block : blocks_) multiply(context, block.keys, quantized, 0, scores + block.begin);
}

void QuantizedKeys::sum(Context& context, const float* scores, int64_t rows, float* sums) const {
  Tensor high = context.make({1, 1, rows, count_}, Format::kInt8PerRow);
  Tensor low = context.make({1, 1, rows, count_}, Format::kInt8PerRow);
  Tensor part = context.make({1, 1, rows, d_});
  if (!context.ok()) return;
  context.threads().parallel_for(rows, std::max<int64_t>(1, 4096 / count_), [&](int64_t first, int64_t last) {
    for (int64_t row = first; row < last; ++row) {
      HWY_DYNAMIC_DISPATCH(softmax_in_two_parts)
      (scores + row * count_, static_cast<size_t>(count_), high.quantization()[row], high.quantized() + row * count_,
       low.quantization()[row], low.quantized() + row * count_);
    }
  });
  for (Tensor* const weighed : {&high, &low}) {
    weighed->repeat_last_quantization();
    for (const Block& block : blocks_) {
      multiply(context, block.values, *weighed, block.begin, part.data());
      add_part(context, part.data(), rows, d_, weighed == &high && block.begin == 0, sums);
    }
  }
}

std::vector<float> QuantizedKeys::mean_of(const float* keys) const {
  std::vector<float> mean(static_cast<size_t>(d_));
  for (int64_t key = 0; key < count_; ++key) {
    for (int64_t c = 0; c < d_; ++c) mean[static_cast<size_t>(c)] += keys[key * d_ + c];
  }
  for (float& value : mean) value /= static_cast<float>(count_);
  return mean;
}

// Values (size, d) to (d, size), each channel symmetric by its own scale.
void QuantizedKeys::quantize_channels(Context& context, const float* values, int64_t size, std::vector<int8_t>& to,
                                      std::vector<float>& scales) const {
  context.threads().parallel_for(d_, kChannelsAtOnce, [&](int64_t first, int64_t last) {
    float largest[kChannelsAtOnce] = {}, spoilt[kChannelsAtOnce] = {}, inverse[kChannelsAtOnce];
    for (int64_t key = 0; key < size; ++key) {
      for (int64_t c = first; c < last; ++c) {
        const float value = values[key * d_ + c];
        largest[c - first] = std::max(largest[c - first], std::abs(value));
        spoilt[c - first] += value - value;  // NaN where one is not finite
      }
    }
    for (int64_t c = first; c < last; ++c) {
      const float scale = (largest[c - first] > 0 ? largest[c - first] / 127.0f : 1.0f) + spoilt[c - first];
      scales[static_cast<size_t>(c)] = scale;
      inverse[c - first] = 1.0f / scale;
    }
    for (int64_t key = 0; key < size; ++key) {
      for (int64_t c = first; c < last; ++c) {
        const float level = std::clamp(values[key * d_ + c] * inverse[c - first], -127.0f, 127.0f);
        to[static_cast<size_t>(c * size + key)] = static_cast<int8_t>(std::lrint(level));
      }
    }
  });
}

XnnpackOperator QuantizedKeys::create(Context& context, int64_t in, int64_t in_stride, int64_t out, int64_t out_stride,
                                      const std::vector<float>& scales, const std::vector<int8_t>& matrix) const {
  Status status;
  XnnpackOperator made =
      create_xnnpack_operator(name_, /*weights_cache=*/nullptr, status, [&](xnn_weights_cache_t, xnn_operator_t* op) {
        return call_create(creator_of_int8_linear(Format::kFloat32), /*weights_cache=*/nullptr, op,
                           static_cast<size_t>(in), static_cast<size_t>(out), static_cast<size_t>(in_stride),
                           static_cast<size_t>(out_stride), scales.data(), matrix.data(), /*bias=*/nullptr, -kInfinity,
                           kInfinity,
                           /*flags=*/0);
      });
  if (!status.ok()) context.fail(status);
  return made;
}

// Columns of x from `begin` on.
void QuantizedKeys::multiply(Context& context, const XnnpackOperator& op, const Tensor& x, int64_t begin,
                             float* to) const {
  if (!context.ok()) return;
  const xnn_status status = set_up_int8_linear(op.get(), static_cast<size_t>(x.shape().w), x.quantized() + begin,
                                               quantization_params(x), {to, Format::kFloat32}, context.threads().get());
  run_xnnpack(context, op, status, name_);
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
