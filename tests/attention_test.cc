// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/attention.h"

#include <tuple>

#include "tests/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

using Sizes = std::tuple<int, int, int, int, int>;  // n, queries, keys, heads, head width

class AttentionTest : public testing::TestWithParam<std::tuple<Sizes, AttentionWeights>> {
 protected:
  void expect_twin(double scale, bool causal, bool shared) const {
    const auto& [sizes, weights] = GetParam();
    const auto& [n, queries, keys, heads, d] = sizes;
    const AttentionSpec spec{.heads = heads, .weights = weights, .causal = causal};
    Status status;
    const Attention attention("attention", spec, status);
    ASSERT_TRUE(status.ok()) << status.message();
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

// Scores so many that the queries are taken some rows at a time, the last of them fewer.
TEST(AttentionOperatorTest, LongSequencesAreCutWithoutASeam) {
  const AttentionSpec spec{.heads = 2, .causal = true};
  Status status;
  const Attention attention("attention", spec, status);
  const reference::Array q = random_array({1, 1, 1500, 16}, 1), k = random_array({1, 1, 1500, 16}, 2),
                         v = random_array({1, 1, 1500, 16}, 3);
  expect_matches(reference::attention(q, k, v, spec), 1e-5,
                 [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
}

// Keys so many that they are packed in blocks, the last of them smaller; queries that are cut, and heads.
TEST(AttentionOperatorTest, KeysBeyondTheCacheAreCutWithoutASeam) {
  for (const bool causal : {false, true}) {
    const AttentionSpec spec{.heads = causal ? 1 : 2, .causal = causal};
    const int64_t queries = causal ? 2000 : 70, width = 240 * spec.heads;
    Status status;
    const Attention attention("attention", spec, status);
    const reference::Array q = random_array({1, 1, queries, width}, 1, 0.3),
                           k = random_array({1, 1, 2200, width}, 2, 0.3), v = random_array({1, 1, 2200, width}, 3);
    expect_matches(reference::attention(q, k, v, spec), 1e-5,
                   [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
    if (causal) continue;  // the naive twin takes its time
    expect_matches(reference::attention(halves(q), halves(k), halves(v), spec), kHalfRounding, [&](Bed& bed) {
      return attention(bed.context, bed.tensor(q, Format::kFloat16), bed.tensor(k, Format::kFloat16),
                       bed.tensor(v, Format::kFloat16));
    });
  }
}

// Scores of tens of thousands: their exponentials would overflow were the largest not taken off.
TEST(AttentionOperatorTest, HugeScoresDoNotOverflow) {
  const AttentionSpec spec{.heads = 1};
  Status status;
  const Attention attention("attention", spec, status);
  // Powers of two far apart: each query has one key that outweighs the others, whatever the rounding.
  reference::Array q({1, 1, 4, 4}), k({1, 1, 4, 4});
  for (int i = 0; i < 4; ++i) q.at(0, 0, i, i) = k.at(0, 0, i, i) = 256;
  const reference::Array v = random_array({1, 1, 4, 4}, 3);
  expect_matches(reference::attention(q, k, v, spec), 1e-6,
                 [&](Bed& bed) { return attention(bed.context, bed.tensor(q), bed.tensor(k), bed.tensor(v)); });
}

}  // namespace
}  // namespace mobilediffusion::kernels
