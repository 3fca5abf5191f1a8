// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Keys and values of one head that are too many for a core's cache, packed once for all queries in blocks that are not.
// Only included by attention.cc.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/context.h"
#include "kernels/xnnpack_operator.h"

namespace mobilediffusion::kernels {

class PackedKeys {
 public:
  // Whether so many keys of d values are worth it.
  static bool suits(int64_t count, int64_t d) { return count * d >= (int64_t{1} << 19); }

  // Of `keys` and `values`, both (count, d), neither of which is needed afterwards. The first failure is put into
  // `status`.
  PackedKeys(std::string_view name, const float* keys, const float* values, int64_t count, int64_t d, Status& status);

  // Queries (rows, d) by keys, to (rows, count).
  void score(Context& context, std::string_view name, const float* queries, int64_t rows, float* scores) const;

  // Weights (rows, count) by values, to (rows, d).
  void sum(Context& context, std::string_view name, const float* weights, int64_t rows, float* sums) const;

 private:
  struct Block {
    int64_t begin;  // the first key
    XnnpackOperator keys, values;
  };
  int64_t d_;
  std::vector<Block> blocks_;
};

}  // namespace mobilediffusion::kernels
