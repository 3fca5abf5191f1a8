// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/attention/flash_attention.h"
#include "kernels/attention/quantized_keys.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

void scale_row(Reading from, size_t size, float scale, float* to) {
  with_type(from, [&](const auto* x) {
    for_each_vector(size, [&](size_t i, size_t count) {
      store(hn::Mul(load(x + i, count), hn::Set(FloatTag(), scale)), count, to + i);
    });
  });
}

void copy_row(const float* from, size_t size, Writing to) { convert_values({from, Format::kFloat32}, size, to); }

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(scale_row);
HWY_EXPORT(copy_row);

constexpr int64_t kScoresAtOnce = int64_t{1} << 20;
constexpr int64_t kFewestQueries = 32;  // below this, packing the keys anew would show
constexpr int64_t kFewestKeys = 1024;   // that are worth quantising

// One head's rows behind one another: (n, tokens, heads * d), times `scale`, to (n * heads, tokens, d).
Tensor split_heads(Context& context, const Tensor& x, int heads, float scale) {
  const int64_t tokens = x.shape().pixels(), width = x.shape().c, d = width / heads;
  Tensor y = context.make({x.shape().n * heads, 1, tokens, d});
  if (!context.ok()) return y;
  context.threads().parallel_for(y.shape().n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      for (int64_t row = 0; row < tokens; ++row) {
        HWY_DYNAMIC_DISPATCH(scale_row)
        (x.at((i / heads * tokens + row) * width + i % heads * d), static_cast<size_t>(d), scale,
         y.data() + (i * tokens + row) * d);
      }
    }
  });
  return y;
}

// The way back: the i-th head's `rows` behind one another into y's from `begin` on.
void merge_head(const float* from, int64_t rows, int heads, int64_t i, int64_t begin, Tensor& y) {
  const int64_t tokens = y.shape().pixels(), width = y.shape().c, d = width / heads;
  for (int64_t row = 0; row < rows; ++row) {
    HWY_DYNAMIC_DISPATCH(copy_row)
    (from + row * d, static_cast<size_t>(d), y.at((i / heads * tokens + begin + row) * width + i % heads * d));
  }
}

}  // namespace

Attention::Attention(std::string name, const AttentionSpec& spec, Precision precision)
    : name_(std::move(name)), spec_(spec), precision_(precision) {}

Tensor Attention::operator()(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values) const {
  Tensor y = context.make(queries.shape(), queries.format());
  const int64_t rows = queries.shape().pixels(), count = keys.shape().pixels(), width = queries.shape().c;
  const auto call = context.begin(name_, "attention", 2 * queries.shape().n * rows * count * width);
  if (!call) return y;
  if (precision_ == Precision::kInt8 && spec_.weights == AttentionWeights::kSoftmax && !spec_.causal &&
      count >= kFewestKeys) {
    attend_in_int8(context, queries, keys, values, y);
  } else {
    flash_attention(context, spec_, queries, keys, values, y);
  }
  return y;
}

void Attention::attend_in_int8(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values,
                               Tensor& y) const {
  const int64_t rows = queries.shape().pixels(), count = keys.shape().pixels();
  const int64_t batch = queries.shape().n * spec_.heads, d = queries.shape().c / spec_.heads;
  const int64_t step = std::clamp(kScoresAtOnce / count, std::min(kFewestQueries, rows), rows);
  const Tensor q = split_heads(context, queries, spec_.heads, 1.0f / std::sqrt(static_cast<float>(d)));
  const Tensor k = split_heads(context, keys, spec_.heads, 1.0f);
  const Tensor own = &keys == &values ? Tensor() : split_heads(context, values, spec_.heads, 1.0f);
  const Tensor& v = &keys == &values ? k : own;
  Tensor scores = context.make({1, 1, step, count}), sums = context.make({1, 1, step, d});
  for (int64_t i = 0; i < batch && context.ok(); ++i) {
    const QuantizedKeys packed(context, name_, k.data() + i * count * d, v.data() + i * count * d, count, d);
    for (int64_t begin = 0; begin < rows; begin += step) {
      const int64_t some = std::min(step, rows - begin);
      packed.score(context, q.data() + (i * rows + begin) * d, some, scores.data());
      packed.sum(context, scores.data(), some, sums.data());
      if (context.ok()) merge_head(sums.data(), some, spec_.heads, i, begin, y);
    }
  }
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
