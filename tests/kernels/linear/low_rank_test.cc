// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/linear/low_rank.h"

#include <tuple>

#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

// (rows, rank, columns)
class LowRankTest : public testing::TestWithParam<std::tuple<int, int, int>> {};

TEST_P(LowRankTest, MatchesItsTwin) {
  const auto& [rows, rank, columns] = GetParam();
  const std::vector<float> up = random_values(rows * rank, 1), down = random_values(rank * columns, 2);
  std::vector<float> weight = random_values(rows * columns, 3);
  const reference::Values expected = reference::low_rank_sum({weight.begin(), weight.end()}, {up.begin(), up.end()},
                                                             {down.begin(), down.end()}, rank, 0.3f);
  add_low_rank(up, down, rank, 0.3f, weight);
  for (size_t i = 0; i < weight.size(); ++i) EXPECT_NEAR(weight[i], expected[i], 1e-5 * (1 + rank)) << "element " << i;
}

INSTANTIATE_TEST_SUITE_P(Shapes, LowRankTest,
                         testing::Combine(testing::Values(1, 3, 40), testing::Values(1, 4, 17),
                                          testing::Values(1, 3, 8, 31, 64, 67, 200)));

}  // namespace
}  // namespace mobilediffusion::kernels
