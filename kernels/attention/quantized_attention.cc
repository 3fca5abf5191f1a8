// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/quantized_attention.h"

#include <algorithm>
#include <cmath>

#include "kernels/attention/heads.h"
#include "kernels/attention/quantized_keys.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/quantized_attention.cc"
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

// One head's rows behind one another: (n, tokens, heads * d), times `scale`, to (n * heads, tokens, d).
Tensor split_heads(Context& context, const Tensor& x, int count, float scale) {
  const Heads heads(x.shape(), count);
  const int64_t tokens = x.shape().pixels(), d = heads.d();
  Tensor y = context.make({x.shape().n * count, 1, tokens, d});
  if (!context.ok()) return y;
  context.threads().parallel_for(y.shape().n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      for (int64_t token = 0; token < tokens; ++token) {
        HWY_DYNAMIC_DISPATCH(scale_row)
        (x.at(heads.row(i, token)), static_cast<size_t>(d), scale, y.data() + (i * tokens + token) * d);
      }
    }
  });
  return y;
}

// The way back: the i-th head's `rows` behind one another into y's from token `begin` on.
void merge_head(const float* from, int64_t rows, const Heads& heads, int64_t i, int64_t begin, Tensor& y) {
  for (int64_t row = 0; row < rows; ++row) {
    HWY_DYNAMIC_DISPATCH(copy_row)
    (from + row * heads.d(), static_cast<size_t>(heads.d()), y.at(heads.row(i, begin + row)));
  }
}

}  // namespace

void quantized_attention(Context& context, std::string_view name, const AttentionSpec& spec, const Tensor& queries,
                         const Tensor& keys, const Tensor& values, Tensor& y) {
  const Heads heads(queries.shape(), spec.heads);
  const int64_t rows = queries.shape().pixels(), count = keys.shape().pixels();
  const int64_t batch = queries.shape().n * spec.heads, d = heads.d();
  const int64_t step = std::clamp(kScoresAtOnce / count, std::min(kFewestQueries, rows), rows);
  const Tensor q = split_heads(context, queries, spec.heads, 1.0f / std::sqrt(static_cast<float>(d)));
  const Tensor k = split_heads(context, keys, spec.heads, 1.0f);
  const Tensor own = &keys == &values ? Tensor() : split_heads(context, values, spec.heads, 1.0f);
  const Tensor& v = &keys == &values ? k : own;
  Tensor scores = context.make({1, 1, step, count}), sums = context.make({1, 1, step, d});
  for (int64_t i = 0; i < batch && context.ok(); ++i) {
    const QuantizedKeys packed(context, name, k.data() + i * count * d, v.data() + i * count * d, count, d);
    for (int64_t begin = 0; begin < rows && context.goes_on(); begin += step) {
      const int64_t some = std::min(step, rows - begin);
      packed.score(context, q.data() + (i * rows + begin) * d, some, scores.data());
      packed.sum(context, scores.data(), some, sums.data());
      if (context.ok()) merge_head(sums.data(), some, heads, i, begin, y);
    }
  }
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
