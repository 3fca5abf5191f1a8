// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

using Sizes = std::tuple<int, int, int, int, int>;  // n, queries, keys, heads, head width

class AttentionTest : public testing::TestWithParam<std::tuple<Sizes, AttentionWeights>> {
 protected:
  void expect_twin(double scale, bool causal, bool shared) const {
    const auto& [sizes, weights] = GetParam();
    const auto& [n, queries, keys, heads, d] = sizes;
    const AttentionSpec spec{.heads = heads, .weights = weights, .causal = causal};
    const Attention attention("attention", spec, Precision::kFloat32);
    const reference::Array q = random_array({n, 1, queries, heads * d}, 1, scale);
    const reference::Array k = random_array({n, 1, keys, heads * d}, 2, scale),
                           v = random_array({n, 1, keys, heads * d}, 3);
    expect_matches(reference::attention(q, k, shared ? k : v, spec), 1e-5, [&](Bed& bed) {
      const Tensor keys_in = bed.tensor(k);
      if (shared) return attention(bed.context, bed.tensor(q), keys_in, keys_in);
      return attention(bed.context, bed.tensor(q), keys_in, bed.tensor(v));
    });
    expect_matches(
        reference::attention(halves(q), halves(k), halves(shared ? k : v), spec), kHalfRounding, [&](Bed& bed) {
          const Tensor keys_in = bed.tensor(k, Format::kFloat16), queries_in = bed.tensor(q, Format::kFloat16);
          if (shared) return attention(bed.context, queries_in, keys_in, keys_in);
          return attention(bed.context, queries_in, keys_in, bed.tensor(v, Format::kFloat16));
        });
  }
};

TEST_P(AttentionTest, MatchesItsTwin) { expect_twin(1.0, false, false); }
TEST_P(AttentionTest, KeysMayBeTheValues) { expect_twin(1.0, false, true); }
TEST_P(AttentionTest, CausalMatchesItsTwin) { expect_twin(1.0, true, false); }

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         testing::Combine(testing::Values(Sizes(1, 1, 1, 1, 1), Sizes(1, 5, 3, 1, 7),
                                                          Sizes(2, 9, 17, 3, 8), Sizes(1, 77, 77, 4, 16),
                                                          Sizes(1, 33, 250, 2, 5)),
                                          testing::Values(AttentionWeights::kSoftmax, AttentionWeights::kRelu)));

// Keys of several blocks, the last of them smaller; heads of less than a vector and of many, with and without a rest.
TEST(AttentionOperatorTest, HeadsOfEveryWidthAreSummedWithoutASeam) {
  for (const int64_t d : {1, 5, 16, 33, 40, 64, 80, 100, 128, 160, 300}) {
    const AttentionSpec spec{.heads = 2};
    const int64_t queries = 37, keys = 2 * 32768 / d + 131, width = d * spec.heads;
    const Attention attention("attention", spec, Precision::kFloat32);
    const reference::Array q = random_array({1, 1, queries, width}, 1, 0.5),
                           k = random_array({1, 1, keys, width}, 2, 0.5), v = random_array({1, 1, keys, width}, 3);
    SCOPED_TRACE(d);
    expect_matches(reference::attention(q, k, v, spec), 1e-5,
                   [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
    if (d != 40 && d != 300) continue;
    expect_matches(reference::attention(halves(q), halves(k), halves(v), spec), kHalfRounding, [&](Bed& bed) {
      return attention(bed.context, bed.tensor(q, Format::kFloat16), bed.tensor(k, Format::kFloat16),
                       bed.tensor(v, Format::kFloat16));
    });
  }
}

TEST(AttentionOperatorTest, QueriesSeeWhatIsBeforeThemInEveryBlock) {
  using Sizes = std::tuple<int, int, int, int>;  // queries, keys, heads, head width
  for (const auto& [queries, keys, heads, d] :
       {Sizes(700, 700, 1, 200), Sizes(700, 450, 2, 100), Sizes(2000, 2200, 1, 240), Sizes(1500, 1500, 2, 16)}) {
    for (const AttentionWeights weights : {AttentionWeights::kSoftmax, AttentionWeights::kRelu}) {
      const AttentionSpec spec{.heads = heads, .weights = weights, .causal = true};
      const Attention attention("attention", spec, Precision::kFloat32);
      const reference::Array q = random_array({1, 1, queries, heads * d}, 1, 0.3),
                             k = random_array({1, 1, keys, heads * d}, 2, 0.3),
                             v = random_array({1, 1, keys, heads * d}, 3);
      SCOPED_TRACE(testing::Message() << queries << " queries, " << keys << " keys");
      expect_matches(reference::attention(q, k, v, spec), 1e-5,
                     [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
    }
  }
}

// Each block's largest score leaves the sums so far behind, or is left behind by them.
TEST(AttentionOperatorTest, ScoresMayRiseAndFallFromBlockToBlock) {
  constexpr int64_t kKeys = 2000, kWidth = 64;
  for (const double slope : {1.0, -1.0}) {
    const AttentionSpec spec{.heads = 1};
    const Attention attention("attention", spec, Precision::kFloat32);
    const reference::Array q = random_array({1, 1, 9, kWidth}, 1, 0.1, 1.0), v = random_array({1, 1, kKeys, kWidth}, 3);
    reference::Array k = random_array({1, 1, kKeys, kWidth}, 2, 0.1);
    for (int64_t key = 0; key < kKeys; ++key) {
      for (int64_t c = 0; c < kWidth; ++c) k.at(0, 0, key, c) += slope * static_cast<double>(key) / 800;
    }
    expect_matches(reference::attention(q, k, v, spec), 1e-5,
                   [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
  }
}

// In 8 bits: several blocks of keys, queries that are cut, heads of odd widths.
TEST(AttentionOperatorTest, Int8IsNearItsTwin) {
  using Sizes = std::tuple<int, int, int, int>;  // queries, keys, heads, head width
  for (const auto& [queries, keys, heads, d] :
       {Sizes(70, 2200, 1, 300), Sizes(1100, 1100, 2, 40), Sizes(3, 1025, 3, 7)}) {
    const AttentionSpec spec{.heads = heads};
    const Attention attention("attention", spec, Precision::kInt8);
    // Keys far from zero, as trained ones are: their mean has to go before they are quantised.
    const reference::Array q = random_array({1, 1, queries, heads * d}, 1),
                           k = random_array({1, 1, keys, heads * d}, 2, 1.0, 8.0),
                           v = random_array({1, 1, keys, heads * d}, 3);
    for (const Format format : {Format::kFloat32, Format::kFloat16}) {
      const bool halve = format == Format::kFloat16;
      const reference::Array expected =
          halve ? reference::attention(halves(q), halves(k), halves(v), spec) : reference::attention(q, k, v, spec);
      expect_matches(expected, 0.02, [&](Bed& bed) {
        return attention(bed.context, bed.tensor(q, format), bed.tensor(k, format), bed.tensor(v, format));
      });
    }
  }
}

// One key that outweighs each other a thousand times, but not all of them: 8 bits of weight alone would round those
// away.
TEST(AttentionOperatorTest, Int8KeepsManySmallWeights) {
  constexpr int64_t kKeys = 4096, kWidth = 4;
  const AttentionSpec spec{.heads = 1};
  const Attention attention("attention", spec, Precision::kInt8);
  reference::Array q({1, 1, 1, kWidth}), k({1, 1, kKeys, kWidth}), v({1, 1, kKeys, kWidth});
  q.at(0, 0, 0, 0) = 2;
  k.at(0, 0, 17, 0) = std::log(1000.0);
  for (int64_t key = 0; key < kKeys; ++key) v.at(0, 0, key, 1) = key == 17 ? -1 : 1;
  const reference::Array expected = reference::attention(q, k, v, spec);
  ASSERT_GT(expected.at(0, 0, 0, 1), 0.5);
  expect_matches(expected, 0.02,
                 [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
}

// Half precision before it may overflow: an answer of numbers would be a wrong picture.
class NotFiniteTest : public testing::TestWithParam<std::tuple<Precision, AttentionWeights>> {};

TEST_P(NotFiniteTest, IsToldOf) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto& [precision, weights] = GetParam();
  const Attention attention("attention", {.heads = 2, .weights = weights}, precision);
  for (const float spoilt : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (const int where : {0, 1, 2}) {
      Bed bed(2);
      Tensor given[3];
      for (int i = 0; i < 3; ++i) given[i] = bed.tensor(random_array({1, 1, 1100, 24}, static_cast<uint64_t>(i + 1)));
      given[where].data()[24 * 700 + 5] = spoilt;
      const std::vector<float> answer = values_of(attention(bed.context, given[0], given[1], given[2]));
      EXPECT_FALSE(std::ranges::all_of(answer, [](float v) { return std::isfinite(v); })) << spoilt << ' ' << where;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, NotFiniteTest,
                         testing::Values(std::tuple(Precision::kFloat32, AttentionWeights::kSoftmax),
                                         std::tuple(Precision::kFloat32, AttentionWeights::kRelu),
                                         std::tuple(Precision::kInt8, AttentionWeights::kSoftmax)));

// As Stable Diffusion 2.1's, whose "upcast_attention" asks for scores in float32: products of queries and keys in half
// that leave half's range, before they are scaled and after. (float32 rounds such a score by up to 0.004.)
TEST(AttentionOperatorTest, ScoresOfHalvesAreNoHalves) {
  constexpr int64_t kTokens = 1100, kHead = 64;
  const AttentionSpec spec{.heads = 2};
  for (const double size : {64.0, 100.0}) {
    const reference::Array q = halves(random_array({1, 1, 40, 2 * kHead}, 1, 1.0, size)),
                           k = halves(random_array({1, 1, kTokens, 2 * kHead}, 2, 1.0 / 16, size)),
                           v = random_array({1, 1, kTokens, 2 * kHead}, 3);
    double product = 0;
    for (int64_t c = 0; c < kHead; ++c) product += q.at(0, 0, 0, c) * k.at(0, 0, 0, c);
    ASSERT_GT(size == 64.0 ? product : product / 8, 65504);
    for (const Precision precision : {Precision::kFloat32, Precision::kFloat16}) {
      const Attention attention("attention", spec, precision);
      expect_matches(reference::attention(q, k, halves(v), spec), 0.03, [&](Bed& bed) {
        return attention(bed.context, bed.tensor(q, Format::kFloat16), bed.tensor(k, Format::kFloat16),
                         bed.tensor(v, Format::kFloat16));
      });
    }
  }
}

// Scores of tens of thousands: their exponentials would overflow were the largest not taken off.
TEST(AttentionOperatorTest, HugeScoresDoNotOverflow) {
  const AttentionSpec spec{.heads = 1};
  const Attention attention("attention", spec, Precision::kFloat32);
  // Powers of two far apart: each query has one key that outweighs the others, whatever the rounding.
  reference::Array q({1, 1, 4, 4}), k({1, 1, 4, 4});
  for (int i = 0; i < 4; ++i) q.at(0, 0, i, i) = k.at(0, 0, i, i) = 256;
  const reference::Array v = random_array({1, 1, 4, 4}, 3);
  expect_matches(reference::attention(q, k, v, spec), 1e-6,
                 [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
}

}  // namespace
}  // namespace mobilediffusion::kernels
