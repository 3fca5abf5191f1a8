// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/flash_attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/attention/heads.h"
#include "kernels/product/panels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/flash_attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/product/tile.h"
#include "kernels/simd/simd.h"

#ifndef MOBILEDIFFUSION_KERNELS_FLASH_ATTENTION_CC_
#define MOBILEDIFFUSION_KERNELS_FLASH_ATTENTION_CC_
namespace mobilediffusion::kernels {

constexpr size_t kQueriesAtOnce = 32;    // a multiple of every tile's height
constexpr size_t kValuesAtOnce = 32768;  // of a block of keys: 128 KB, and as much again of values

// How a head's keys and values lie in memory, for vectors of so many lanes.
// Keys: panels of some, each (d, keys of the panel), zeros behind the last key.
// Values: panels of columns, as product/panels.h has them.
struct HeadLayout {
  size_t count, d, lanes;

  size_t panel() const { return kWidestPanel * lanes; }  // keys
  size_t keys_size() const { return (count + panel() - 1) / panel() * panel() * d; }
  size_t block() const { return std::max<size_t>(1, kValuesAtOnce / d / panel()) * panel(); }  // keys at once

  Panels values() const { return {.depth = count, .columns = d, .lanes = lanes}; }
  size_t columns() const { return values().padded_columns(); }

  // What a thread works in.
  size_t queries_size() const { return kQueriesAtOnce * d; }
  size_t scores_size() const { return kQueriesAtOnce * block(); }
  size_t sums_size() const { return kQueriesAtOnce * columns(); }
  size_t scratch_size() const { return (queries_size() + scores_size() + sums_size() + 63) / 64 * 64; }
};

// A few queries of one head and their answers, each row `width` values behind the one before.
struct QueryRows {
  Reading from;
  Writing to;
  size_t width, first, rows;
};

struct PackedHead {
  const float *keys, *values;
};

}  // namespace mobilediffusion::kernels
#endif

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

static_assert(kQueriesAtOnce % kTallestTile == 0);

size_t lanes() { return hn::Lanes(FloatTag()); }

void pack_key_panel(Reading from, size_t width, const HeadLayout& layout, size_t first, float* to) {
  const size_t panel = layout.panel(), size = std::min(panel, layout.count - first);
  with_type(from, [&](const auto* x) {
    for (size_t key = 0; key < size; ++key) {
      for_each_vector(layout.d, [&](size_t i, size_t count) {
        HWY_ALIGN float values[hn::MaxLanes(FloatTag())];
        hn::Store(load(x + (first + key) * width + i, count), FloatTag(), values);
        for (size_t lane = 0; lane < count; ++lane) to[(i + lane) * panel + key] = values[lane];
      });
    }
  });
  for (size_t i = 0; size < panel && i < layout.d; ++i) std::fill(to + i * panel + size, to + (i + 1) * panel, 0.0f);
}

void pack_values(Reading from, size_t width, const HeadLayout& layout, size_t begin, size_t end, float* to) {
  with_type(from, [&](const auto* x) {
    const Panels panels = layout.values();
    for (size_t i = 0; i < panels.count(); ++i) {
      const auto [first, vectors] = panels.panel(i);
      float* const panel = to + panels.offset({first, vectors});
      for (size_t key = begin; key < end; ++key) {
        for (size_t j = 0; j < vectors; ++j) {
          const size_t column = (first + j) * layout.lanes;
          const Floats value = load(x + key * width + column, std::min(layout.lanes, layout.d - column));
          hn::StoreU(value, FloatTag(), panel + (key * vectors + j) * layout.lanes);
        }
      }
    }
  });
}

// a (kTallestTile rows, depth) times b (depth, kVectors vectors), to c; where there are factors, one a row, added to c
// times its factor.
template <size_t kVectors>
HWY_INLINE void multiply_weighted(const float* a, size_t a_stride, const float* b, size_t depth, const float* factors,
                                  float* c, size_t c_stride) {
  const FloatTag tag;
  const size_t lanes = hn::Lanes(tag);
  TileSums<kTallestTile, kVectors> sums;
  for (size_t row = 0; row < kTallestTile; ++row) {
    for (size_t j = 0; j < kVectors; ++j) {
      sums[row][j] = factors != nullptr
                         ? hn::Mul(hn::Set(tag, factors[row]), hn::LoadU(tag, c + row * c_stride + j * lanes))
                         : hn::Zero(tag);
    }
  }
  add_product<kTallestTile, kVectors>(a, a_stride, b, depth, sums);
  for (size_t row = 0; row < kTallestTile; ++row) {
    for (size_t j = 0; j < kVectors; ++j) hn::StoreU(sums[row][j], tag, c + row * c_stride + j * lanes);
  }
}

// A query's softmax so far, over scores in base 2.
struct Softmax {
  float top = -std::numeric_limits<float>::infinity();
  float total = 0;

  // The row's first `visible` scores become weights, none below 2^-126, where float32 ends. Returns what earlier sums
  // are to be multiplied with.
  HWY_INLINE float weigh(float* row, size_t visible) {
    const FloatTag d;
    const float before = top;
    top = std::max(top, hn::GetLane(largest_of(row, visible)));
    const Floats shift = hn::Set(d, top), least = hn::Set(d, -126.0f);
    Floats sum = hn::Zero(d);
    for_each_vector(visible, [&](size_t i, size_t count) {
      const Floats weight = exp2(at_least(hn::Sub(hn::LoadU(d, row + i), shift), least));
      hn::StoreU(weight, d, row + i);
      sum = hn::Add(sum, count == hn::Lanes(d) ? weight : hn::IfThenElseZero(hn::FirstN(d, count), weight));
    });
    const float factor = std::exp2(before - top);
    total = total * factor + hn::GetLane(hn::SumOfLanes(d, sum));
    return factor;
  }
};

HWY_INLINE void relu_row(float* row, size_t visible) {
  const FloatTag d;
  for_each_vector(visible,
                  [&](size_t i, size_t) { hn::StoreU(at_least(hn::LoadU(d, row + i), hn::Zero(d)), d, row + i); });
}

void attend(const AttentionSpec& spec, const HeadLayout& layout, const PackedHead& head, const QueryRows& of,
            float* scratch) {
  const FloatTag tag;
  const size_t d = layout.d, block = layout.block(), panel = layout.panel(), columns = layout.columns();
  const size_t padded_rows = (of.rows + kTallestTile - 1) / kTallestTile * kTallestTile;
  const bool softmax = spec.weights == AttentionWeights::kSoftmax;
  float* const queries = scratch;
  float* const scores = queries + layout.queries_size();
  float* const sums = scores + layout.scores_size();
  Softmax softmaxes[kQueriesAtOnce];
  float factors[kQueriesAtOnce];

  const Floats scale = hn::Set(tag, (softmax ? kLog2OfE : 1.0f) / std::sqrt(static_cast<float>(d)));
  with_type(of.from, [&](const auto* x) {
    for (size_t row = 0; row < of.rows; ++row) {
      for_each_vector(d, [&](size_t i, size_t count) {
        store(hn::Mul(load(x + row * of.width + i, count), scale), count, queries + row * d + i);
      });
    }
  });
  std::fill(queries + of.rows * d, queries + padded_rows * d, 0.0f);
  std::fill(sums, sums + padded_rows * columns, 0.0f);
  std::fill(factors, factors + padded_rows, 1.0f);

  const size_t seen = spec.causal ? std::min(layout.count, of.first + of.rows) : layout.count;
  for (size_t begin = 0; begin < seen; begin += block) {
    const size_t size = std::min(block, seen - begin);
    for (size_t key = 0; key < size; key += panel) {
      for (size_t row = 0; row < padded_rows; row += kTallestTile) {
        multiply_weighted<kWidestPanel>(queries + row * d, d, head.keys + (begin + key) * d, d, nullptr,
                                        scores + row * block + key, block);
      }
    }
    for (size_t row = 0; row < of.rows; ++row) {
      float* const of_row = scores + row * block;
      const size_t own = of.first + row + 1;
      const size_t visible = spec.causal ? std::min(size, own - std::min(own, begin)) : size;
      if (softmax) {
        factors[row] = visible > 0 ? softmaxes[row].weigh(of_row, visible) : 1.0f;
      } else {
        relu_row(of_row, visible);
      }
      std::fill(of_row + visible, of_row + size, 0.0f);
    }
    const Panels panels = layout.values();
    for (size_t i = 0; i < panels.count(); ++i) {
      const auto [first, vectors] = panels.panel(i);
      const size_t column = first * layout.lanes;
      const float* const values = head.values + panels.offset({first, vectors}) + begin * vectors * layout.lanes;
      const auto multiply = vectors == 3   ? multiply_weighted<3>
                            : vectors == 2 ? multiply_weighted<2>
                                           : multiply_weighted<1>;
      for (size_t row = 0; row < padded_rows; row += kTallestTile) {
        multiply(scores + row * block, block, values, size, factors + row, sums + row * columns + column, columns);
      }
    }
  }

  with_type(of.to, [&](auto* y) {
    for (size_t row = 0; row < of.rows; ++row) {
      const Floats inverse = hn::Set(tag, 1.0f / (softmax ? softmaxes[row].total : static_cast<float>(layout.count)));
      for_each_vector(d, [&](size_t i, size_t count) {
        store(hn::Mul(hn::LoadU(tag, sums + row * columns + i), inverse), count, y + row * of.width + i);
      });
    }
  });
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {

HWY_EXPORT(lanes);
HWY_EXPORT(pack_key_panel);
HWY_EXPORT(pack_values);
HWY_EXPORT(attend);

void flash_attention(Context& context, std::string_view /*name*/, const AttentionSpec& spec, const Tensor& queries,
                     const Tensor& keys, const Tensor& values, Tensor& y) {
  const Heads query_heads(queries.shape(), spec.heads), key_heads(keys.shape(), spec.heads);
  const int64_t width = queries.shape().c, rows = queries.shape().pixels();
  const int64_t batch = queries.shape().n * spec.heads, count = keys.shape().pixels();
  const HeadLayout layout{static_cast<size_t>(count), static_cast<size_t>(query_heads.d()),
                          HWY_DYNAMIC_DISPATCH(lanes)()};
  const auto d = static_cast<int64_t>(layout.d);
  const auto keys_size = static_cast<int64_t>(layout.keys_size()),
             values_size = static_cast<int64_t>(layout.values().size());
  const auto scratch_size = static_cast<int64_t>(layout.scratch_size());
  const int64_t threads = context.threads().threads();
  Tensor packed_keys = context.make({batch, 1, 1, keys_size}), packed_values = context.make({batch, 1, 1, values_size});
  Tensor scratch = context.make({threads, 1, 1, scratch_size});
  if (!context.ok()) return;

  const auto panel = static_cast<int64_t>(layout.panel());
  const int64_t panels = (count + panel - 1) / panel;
  context.threads().parallel_for(batch * panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t i = j / panels, first = j % panels * panel;
      HWY_DYNAMIC_DISPATCH(pack_key_panel)
      (keys.at(key_heads.row(i, 0)), static_cast<size_t>(width), layout, static_cast<size_t>(first),
       packed_keys.data() + i * keys_size + first * d);
      HWY_DYNAMIC_DISPATCH(pack_values)
      (values.at(key_heads.row(i, 0)), static_cast<size_t>(width), layout, static_cast<size_t>(first),
       static_cast<size_t>(std::min(first + panel, count)), packed_values.data() + i * values_size);
    }
  });

  constexpr auto kAtOnce = static_cast<int64_t>(kQueriesAtOnce);
  const int64_t pieces = (rows + kAtOnce - 1) / kAtOnce;
  std::atomic<int64_t> next = 0;
  context.threads().parallel_for(threads, 1, [&](int64_t thread, int64_t) {
    for (int64_t j = next++; j < batch * pieces && !context.is_cancelled(); j = next++) {
      const int64_t i = j / pieces, first = j % pieces * kAtOnce, at = query_heads.row(i, first);
      HWY_DYNAMIC_DISPATCH(attend)
      (spec, layout, {packed_keys.data() + i * keys_size, packed_values.data() + i * values_size},
       {queries.at(at), y.at(at), static_cast<size_t>(width), static_cast<size_t>(first),
        static_cast<size_t>(std::min(kAtOnce, rows - first))},
       scratch.data() + thread * scratch_size);
    }
  });
  context.goes_on();  // what was cut short must not count
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
