// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A group norm's first pass: what is to be known of a picture.
#include <algorithm>
#include <cmath>

#include "kernels/normalization/norm.h"
#include "kernels/runtime/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization/group_norm_statistics.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Of a column of each lane: x[0], the sum of x - x[0] and of its square, the least and the greatest value. Around the
// first row's value the squares do not cancel where the mean is far from zero.
struct ColumnStatistics {
  HWY_INLINE explicit ColumnStatistics(Floats first)
      : pivot(first), sum(hn::Zero(FloatTag())), squares(sum), least(first), greatest(first) {}

  HWY_INLINE void take(Floats value) {
    const Floats v = hn::Sub(value, pivot);
    sum = hn::Add(sum, v);
    squares = hn::MulAdd(v, v, squares);
    least = hn::Min(least, value);
    greatest = hn::Max(greatest, value);
  }

  // Into five arrays of `channels` values, one behind another.
  HWY_INLINE void store_to(float* to, size_t channels, size_t count) const {
    store(sum, count, to);
    store(squares, count, to + channels);
    store(least, count, to + 2 * channels);
    store(greatest, count, to + 3 * channels);
    store(pivot, count, to + 4 * channels);
  }

  Floats pivot, sum, squares, least, greatest;
};

// Two vectors side by side, so that memory is read in longer runs.
template <typename T>
HWY_INLINE void statistics_of_columns(const T* x, size_t rows, size_t channels, float* to) {
  const size_t lanes = hn::Lanes(FloatTag());
  size_t c = 0;
  for (; c + 2 * lanes <= channels; c += 2 * lanes) {
    ColumnStatistics left(load(x + c, lanes)), right(load(x + c + lanes, lanes));
    for (size_t row = 1; row < rows; ++row) {
      const T* const at = x + row * channels + c;
      prefetch(at);
      left.take(load(at, lanes));
      right.take(load(at + lanes, lanes));
    }
    left.store_to(to + c, channels, lanes);
    right.store_to(to + c + lanes, channels, lanes);
  }
  for (; c < channels; c += lanes) {
    const size_t count = std::min(lanes, channels - c);
    ColumnStatistics last(load(x + c, count));
    for (size_t row = 1; row < rows; ++row) last.take(load(x + row * channels + c, count));
    last.store_to(to + c, channels, count);
  }
}

void column_statistics(Reading from, size_t rows, size_t channels, float* to) {
  with_type(from, [&](const auto* x) { statistics_of_columns(x, rows, channels, to); });
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(column_statistics);

constexpr int64_t kArrays = 5;  // of ColumnStatistics

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

// Of `columns` columns that have `rows` values each, from their pivots and the sums around them.
Moments moments_of(const float* pivots, const float* sums, const float* squares, int64_t columns, double rows) {
  double mean = 0, deviations = 0;
  const double share = 1.0 / rows;
  for (int64_t c = 0; c < columns; ++c) mean += pivots[c] + sums[c] * share;
  mean /= static_cast<double>(columns);
  for (int64_t c = 0; c < columns; ++c) {
    const double sum = sums[c], off = pivots[c] + sum * share - mean;
    deviations += squares[c] - sum * sum * share + off * off * rows;
  }
  return {rows * static_cast<double>(columns), mean, deviations};
}

}  // namespace

GroupNorm::Statistics GroupNorm::measure(Context& context, Reading x, const Shape& shape) const {
  const int64_t pixels = shape.pixels(), channels = shape.c, width = channels / groups_;
  const int64_t piece = rows_per_piece(channels), pieces = (pixels + piece - 1) / piece;
  std::vector<Moments> moments(static_cast<size_t>(pieces * groups_));
  const Tensor of_pieces = context.make({1, 1, pieces, kArrays * channels});
  if (!context.ok()) return {};
  const auto of_piece = [&](int64_t i) { return const_cast<float*>(of_pieces.data()) + i * kArrays * channels; };

  context.threads().parallel_for(pixels, piece, [&](int64_t begin, int64_t end) {
    float *const sum = of_piece(begin / piece), *const squares = sum + channels, *const pivots = sum + 4 * channels;
    HWY_DYNAMIC_DISPATCH(column_statistics)
    (x + begin * channels, static_cast<size_t>(end - begin), static_cast<size_t>(channels), sum);
    for (int64_t group = 0; group < groups_; ++group) {
      const int64_t c = group * width;
      moments[static_cast<size_t>(begin / piece * groups_ + group)] =
          moments_of(pivots + c, sum + c, squares + c, width, static_cast<double>(end - begin));
    }
  });

  const auto size = static_cast<size_t>(channels);
  const float *const least = of_piece(0) + 2 * channels, *const greatest = least + channels;
  Statistics found{
      std::vector<float>(size), std::vector<float>(size), {least, greatest}, {greatest, greatest + channels}};
  for (int64_t group = 0; group < groups_; ++group) {
    Moments whole;
    for (int64_t i = 0; i < pieces; ++i) whole.merge(moments[static_cast<size_t>(i * groups_ + group)]);
    const double inverse = 1.0 / std::sqrt(std::max(0.0, whole.deviations) / whole.count + epsilon_);
    if (!std::isfinite(whole.mean) || !std::isfinite(whole.deviations)) {
      context.fail(not_finite(name_));
      return {};
    }
    for (int64_t c = group * width; c < (group + 1) * width; ++c) {
      found.mean[c] = static_cast<float>(whole.mean);
      found.scale[c] = static_cast<float>(weight_[c] * inverse);
    }
  }
  for (int64_t i = 1; i < pieces; ++i) {
    const float *const low = of_piece(i) + 2 * channels, *const high = low + channels;
    for (int64_t c = 0; c < channels; ++c) {
      found.least[c] = std::min(found.least[c], low[c]);
      found.greatest[c] = std::max(found.greatest[c], high[c]);
    }
  }
  return found;
}

GroupNorm::Statistics GroupNorm::measure(Context& context, const Tensor& x) const {
  const auto call = context.begin(name_, "group_norm");
  return call ? measure(context, x.at(0), x.shape()) : Statistics();
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
