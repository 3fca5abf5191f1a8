// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/norm.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Of each of `channels` columns of `rows` rows: the sum of x - x[0] and of its square. Around the first row's value the
// squares do not cancel where the mean is far from zero.
void column_sums(const float* x, size_t rows, size_t channels, float* sum, float* squares) {
  for_each_vector(channels, [&](size_t c, size_t count) {
    const FloatTag d;
    const Floats pivot = load(x + c, count);
    Floats s = hn::Zero(d), q = hn::Zero(d);
    for (size_t row = 1; row < rows; ++row) {
      const Floats v = hn::Sub(load(x + row * channels + c, count), pivot);
      s = hn::Add(s, v);
      q = hn::MulAdd(v, v, q);
    }
    store(s, count, sum + c);
    store(q, count, squares + c);
  });
}

// y = (x - mean) * scale + bias by column, through SiLU if `activate`. The mean goes first: folded into the bias it
// would cancel there, in float32, where it is far from zero.
void scale_columns(const float* x, size_t rows, size_t channels, const float* mean, const float* scale,
                   const float* bias, bool activate, float* y) {
  const auto each = [&](auto&& finish) {
    for (size_t row = 0; row < rows; ++row) {
      for_each_vector(channels, [&](size_t c, size_t count) {
        const size_t at = row * channels + c;
        const Floats centred = hn::Sub(load(x + at, count), load(mean + c, count));
        store(finish(hn::MulAdd(centred, load(scale + c, count), load(bias + c, count))), count, y + at);
      });
    }
  };
  if (activate) {
    each([](Floats v) { return silu(v); });
  } else {
    each([](Floats v) { return v; });
  }
}

// Normalises each of `rows` rows by itself, in two passes over a row that is in cache.
bool normalize_rows(const float* x, size_t rows, size_t width, float epsilon, const float* weight, const float* bias,
                    float* y) {
  const FloatTag d;
  bool finite = true;
  for (size_t row = 0; row < rows; ++row, x += width, y += width) {
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
    finite = finite && std::isfinite(variance);
    const Floats inverse = hn::Set(d, 1.0f / std::sqrt(variance + epsilon));
    for_each_vector(width, [&](size_t i, size_t count) {
      const Floats v = hn::Mul(hn::Sub(load(x + i, count), means), inverse);
      store(hn::MulAdd(v, load(weight + i, count), load(bias + i, count)), count, y + i);
    });
  }
  return finite;
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(column_sums);
HWY_EXPORT(scale_columns);
HWY_EXPORT(normalize_rows);

// Count, mean, and sum of squared deviations of some values; merging two is exact in exact arithmetic (Chan et al.,
// 1979).
struct Moments {
  double count = 0, mean = 0, deviations = 0;

  void merge(const Moments& other) {
    const double sum = count + other.count;
    if (sum == 0) return;
    const double delta = other.mean - mean;
    mean += delta * other.count / sum;
    deviations += other.deviations + delta * delta * count * other.count / sum;
    count = sum;
  }
};

// Rows of `width` floats that make a piece of work: some 64 KB, which stays in a core's own cache.
int64_t rows_per_piece(int64_t width) { return std::max<int64_t>(1, 16384 / width); }

Status not_finite(const std::string& name) {
  return Status(StatusCode::kNonFinite, "a NaN or an infinity reached " + name);
}

}  // namespace

GroupNorm::GroupNorm(std::string name, int /*channels*/, int groups, float epsilon, const WeightView& weight,
                     const WeightView& bias, Status& status)
    : name_(std::move(name)), groups_(groups), epsilon_(epsilon) {
  if (!status.ok() || weight.data == nullptr) return;
  weight_ = to_float32(weight, name_ + ".weight", status);
  bias_ = to_float32(bias, name_ + ".bias", status);
}

Tensor GroupNorm::operator()(Context& context, const Tensor& x, Fused fused) const {
  Tensor y = context.make(x.shape());
  const auto call = context.begin(name_, "group_norm");
  if (!call) return y;

  const int64_t pixels = x.shape().pixels(), channels = x.shape().c, width = channels / groups_;
  const int64_t piece = rows_per_piece(channels);
  const int64_t pieces = (pixels + piece - 1) / piece;
  std::vector<Moments> moments(static_cast<size_t>(pieces * groups_));
  std::vector<float> mean(static_cast<size_t>(channels)), scale(static_cast<size_t>(channels));
  Tensor sums = context.make({1, 1, pieces, 2 * channels});  // of every piece, since a worker must not allocate
  if (!context.ok()) return y;

  for (int64_t picture = 0; picture < x.shape().n; ++picture) {
    const float* const from = x.data() + picture * pixels * channels;
    float* const to = y.data() + picture * pixels * channels;

    context.threads().parallel_for(pixels, piece, [&](int64_t begin, int64_t end) {
      const auto rows = static_cast<double>(end - begin);
      float *const sum = sums.data() + begin / piece * 2 * channels, *const squares = sum + channels;
      HWY_DYNAMIC_DISPATCH(column_sums)
      (from + begin * channels, static_cast<size_t>(end - begin), static_cast<size_t>(channels), sum, squares);
      for (int64_t group = 0; group < groups_; ++group) {
        Moments merged;
        for (int64_t c = group * width; c < (group + 1) * width; ++c) {
          const double s = sum[c];
          merged.merge({rows, from[begin * channels + c] + s / rows, squares[c] - s * s / rows});
        }
        moments[static_cast<size_t>(begin / piece * groups_ + group)] = merged;
      }
    });

    for (int64_t group = 0; group < groups_; ++group) {
      Moments whole;
      for (int64_t i = 0; i < pieces; ++i) whole.merge(moments[static_cast<size_t>(i * groups_ + group)]);
      const double inverse = 1.0 / std::sqrt(std::max(0.0, whole.deviations) / whole.count + epsilon_);
      if (!std::isfinite(whole.mean) || !std::isfinite(whole.deviations)) context.fail(not_finite(name_));
      for (int64_t c = group * width; c < (group + 1) * width; ++c) {
        mean[c] = static_cast<float>(whole.mean);
        scale[c] = static_cast<float>(weight_[c] * inverse);
      }
    }
    if (!context.ok()) return y;

    context.threads().parallel_for(pixels, piece, [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(scale_columns)
      (from + begin * channels, static_cast<size_t>(end - begin), static_cast<size_t>(channels), mean.data(),
       scale.data(), bias_.data(), fused == Fused::kSilu, to + begin * channels);
    });
  }
  return y;
}

LayerNorm::LayerNorm(std::string name, int /*width*/, float epsilon, const WeightView& weight, const WeightView& bias,
                     Status& status)
    : name_(std::move(name)), epsilon_(epsilon) {
  if (!status.ok() || weight.data == nullptr) return;
  weight_ = to_float32(weight, name_ + ".weight", status);
  bias_ = to_float32(bias, name_ + ".bias", status);
}

Tensor LayerNorm::operator()(Context& context, const Tensor& x) const {
  Tensor y = context.make(x.shape());
  const auto call = context.begin(name_, "layer_norm");
  if (!call) return y;

  const int64_t width = x.shape().c;
  std::atomic<bool> finite = true;
  context.threads().parallel_for(x.shape().rows(), rows_per_piece(width), [&](int64_t begin, int64_t end) {
    const bool piece_finite = HWY_DYNAMIC_DISPATCH(normalize_rows)(
        x.data() + begin * width, static_cast<size_t>(end - begin), static_cast<size_t>(width), epsilon_,
        weight_.data(), bias_.data(), y.data() + begin * width);
    if (!piece_finite) finite = false;
  });
  if (!finite) context.fail(not_finite(name_));
  return y;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
