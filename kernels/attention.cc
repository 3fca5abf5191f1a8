// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "kernels/packed_keys.h"
#include "kernels/xnnpack_operator.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Of a row of scores, the first `visible` become weights that add up to one, the others zero.
void softmax_row(float* row, size_t size, size_t visible) {
  const FloatTag d;
  Floats largest = hn::Set(d, row[0]);
  for_each_vector(visible, [&](size_t i, size_t count) {
    largest = hn::Max(largest, hn::IfThenElse(hn::FirstN(d, count), load(row + i, count), largest));
  });
  const Floats top = hn::MaxOfLanes(d, largest);
  Floats total = hn::Zero(d);
  for_each_vector(visible, [&](size_t i, size_t count) {
    const Floats e = hn::Exp(d, hn::Sub(load(row + i, count), top));
    store(e, count, row + i);
    total = hn::Add(total, hn::IfThenElseZero(hn::FirstN(d, count), e));
  });
  const Floats inverse = hn::Div(hn::Set(d, 1.0f), hn::SumOfLanes(d, total));
  for_each_vector(visible,
                  [&](size_t i, size_t count) { store(hn::Mul(load(row + i, count), inverse), count, row + i); });
  std::fill(row + visible, row + size, 0.0f);
}

void relu_row(float* row, size_t size, size_t visible) {
  const FloatTag d;
  const Floats inverse = hn::Set(d, 1.0f / static_cast<float>(size));
  for_each_vector(visible, [&](size_t i, size_t count) {
    store(hn::Mul(hn::Max(load(row + i, count), hn::Zero(d)), inverse), count, row + i);
  });
  std::fill(row + visible, row + size, 0.0f);
}

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

HWY_EXPORT(softmax_row);
HWY_EXPORT(relu_row);
HWY_EXPORT(scale_row);
HWY_EXPORT(copy_row);

constexpr int64_t kScoresAtOnce = int64_t{1} << 22;  // 16 MB
constexpr int64_t kQuantizedScoresAtOnce = int64_t{1} << 20;
constexpr int64_t kFewestRows = 32;  // below this, packing the keys anew would show

// One head's rows behind one another: tokens [begin, end) of (n, tokens, heads * d), times `scale`, to (n * heads, end
// - begin, d).
Tensor split_heads(Context& context, const Tensor& x, int heads, int64_t begin, int64_t end, float scale) {
  const int64_t tokens = x.shape().pixels(), width = x.shape().c, d = width / heads, rows = end - begin;
  Tensor y = context.make({x.shape().n * heads, 1, rows, d});
  if (!context.ok()) return y;
  context.threads().parallel_for(y.shape().n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      for (int64_t row = 0; row < rows; ++row) {
        HWY_DYNAMIC_DISPATCH(scale_row)
        (x.at((i / heads * tokens + begin + row) * width + i % heads * d), static_cast<size_t>(d), scale,
         y.data() + (i * rows + row) * d);
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

void merge_heads(Context& context, const Tensor& x, int heads, int64_t begin, Tensor& y) {
  if (!context.ok()) return;
  const int64_t rows = x.shape().w, d = x.shape().c;
  context.threads().parallel_for(x.shape().n, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) merge_head(x.data() + i * rows * d, rows, heads, i, begin, y);
  });
}

XnnpackOperator create_product(const std::string& name, uint32_t flags, Status& status) {
  return create_xnnpack_operator(name, Precision::kFloat32, status, [&](xnn_weights_cache_t, xnn_operator_t* op) {
    return xnn_create_batch_matrix_multiply_nc_f32(flags, op);
  });
}

// a (batch, m, k) times b (batch, k, n), or (batch, n, k) where the product was created with a transposed b.
Tensor multiply(Context& context, const std::string& name, const XnnpackOperator& op, const Tensor& a, const Tensor& b,
                int64_t n) {
  const int64_t m = a.shape().w, k = a.shape().c;
  Tensor y = context.make({a.shape().n, 1, m, n});
  const std::array<size_t, 1> batch = {static_cast<size_t>(a.shape().n)};
  size_t workspace_bytes = 0, workspace_alignment = 0;
  xnn_status status = xnn_reshape_batch_matrix_multiply_nc_f32(
      op.get(), batch.size(), batch.data(), batch.data(), static_cast<size_t>(m), static_cast<size_t>(k),
      static_cast<size_t>(n), &workspace_bytes, &workspace_alignment, context.threads().get());
  Workspace workspace(context, workspace_bytes);
  if (!context.ok()) return y;
  if (status == xnn_status_success) {
    status = xnn_setup_batch_matrix_multiply_nc_f32(op.get(), workspace.get(), a.data(), b.data(), y.data());
  }
  run_xnnpack(context, op, status, name);
  return y;
}

}  // namespace

struct Attention::Products {
  XnnpackOperator scores;  // queries by keys, transposed
  XnnpackOperator sums;    // weights by values
};

Attention::Attention(std::string name, const AttentionSpec& spec, Precision precision, Status& status)
    : name_(std::move(name)), spec_(spec), precision_(precision) {
  if (!status.ok()) return;
  products_ = std::make_unique<Products>();
  products_->scores = create_product(name_, XNN_FLAG_TRANSPOSE_B, status);
  products_->sums = create_product(name_, 0, status);
}

Attention::Attention(Attention&&) noexcept = default;
Attention& Attention::operator=(Attention&&) noexcept = default;
Attention::~Attention() = default;

Tensor Attention::operator()(Context& context, const Tensor& queries, const Tensor& keys, const Tensor& values) const {
  Tensor y = context.make(queries.shape(), queries.format());
  const int64_t rows = queries.shape().pixels(), count = keys.shape().pixels(), width = queries.shape().c;
  const int64_t batch = queries.shape().n * spec_.heads, d = width / spec_.heads;
  const auto call = context.begin(name_, "attention", 2 * queries.shape().n * rows * count * width);
  if (!call) return y;

  const Tensor k = split_heads(context, keys, spec_.heads, 0, count, 1.0f);
  const Tensor own = &keys == &values ? Tensor() : split_heads(context, values, spec_.heads, 0, count, 1.0f);
  const Tensor& v = &keys == &values ? k : own;
  const float scale = 1.0f / std::sqrt(static_cast<float>(d));
  if (!context.ok()) return y;

  // Of the queries [begin, begin + some), behind one another for each head, scores become weights.
  const auto weigh = [&](Tensor& scores, int64_t begin, int64_t some) {
    const auto size = static_cast<size_t>(count);
    context.threads().parallel_for(scores.shape().n * some, std::max<int64_t>(1, 4096 / count),
                                   [&](int64_t first, int64_t last) {
                                     for (int64_t row = first; row < last; ++row) {
                                       const int64_t seen = std::min(count, begin + row % some + 1);
                                       const size_t visible = spec_.causal ? static_cast<size_t>(seen) : size;
                                       float* const of_row = scores.data() + row * count;
                                       if (spec_.weights == AttentionWeights::kSoftmax) {
                                         HWY_DYNAMIC_DISPATCH(softmax_row)(of_row, size, visible);
                                       } else {
                                         HWY_DYNAMIC_DISPATCH(relu_row)(of_row, size, visible);
                                       }
                                     }
                                   });
  };

  const bool quantizes =
      precision_ == Precision::kInt8 && spec_.weights == AttentionWeights::kSoftmax && suits_quantizing(count);
  if (quantizes || suits_packing(count, d)) {
    const int64_t at_once = quantizes ? kQuantizedScoresAtOnce : kScoresAtOnce;
    const int64_t step = std::clamp(at_once / count, std::min(kFewestRows, rows), rows);
    const Tensor q = split_heads(context, queries, spec_.heads, 0, rows, scale);
    Tensor scores = context.make({1, 1, step, count}), sums = context.make({1, 1, step, d});
    for (int64_t i = 0; i < batch && context.ok(); ++i) {
      const auto packed = (quantizes ? quantize_keys : pack_keys)(
          context, name_, {k.data() + i * count * d, v.data() + i * count * d, count, d});
      for (int64_t begin = 0; begin < rows && context.ok(); begin += step) {
        const int64_t some = std::min(step, rows - begin);
        packed->score(context, q.data() + (i * rows + begin) * d, some, scores.data());
        if (!context.ok()) return y;
        if (!quantizes) weigh(scores, begin, some);
        packed->sum(context, scores.data(), some, sums.data());
        if (context.ok()) merge_head(sums.data(), some, spec_.heads, i, begin, y);
      }
    }
    return y;
  }

  const int64_t step = std::clamp(kScoresAtOnce / (batch * count), std::min(kFewestRows, rows), rows);
  for (int64_t begin = 0; begin < rows && context.ok(); begin += step) {
    const int64_t end = std::min(begin + step, rows);
    const Tensor q = split_heads(context, queries, spec_.heads, begin, end, scale);
    Tensor weights = multiply(context, name_, products_->scores, q, k, count);
    if (!context.ok()) return y;
    weigh(weights, begin, end - begin);
    merge_heads(context, multiply(context, name_, products_->sums, weights, v, d), spec_.heads, begin, y);
  }
  return y;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
