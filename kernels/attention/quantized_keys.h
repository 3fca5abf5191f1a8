// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Keys and values of one head in 8 bits, packed once for all queries: keys by row after their mean was taken off, which
// adds the same to each score of a query and so leaves softmax as it was (Zhang et al., SageAttention, 2025); values by
// channel and block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/runtime/context.h"
#include "kernels/xnnpack/xnnpack_operator.h"

namespace mobilediffusion::kernels {

class QuantizedKeys {
 public:
  // Keys and values (count, d), neither needed afterwards. Failures are the context's.
  QuantizedKeys(Context& context, std::string_view name, const float* keys, const float* values, int64_t count,
                int64_t d);

  // Queries (rows, d), quantised by row, times keys, to (rows, count): but for a number that a query's scores have in
  // common.
  void score(Context& context, const float* queries, int64_t rows, float* scores) const;

  // Softmax of scores (rows, count) times values, to (rows, d). Weights are quantised by row in two parts, the second
  // what the first leaves over, so that many small ones are not lost beside a large one.
  void sum(Context& context, const float* scores, int64_t rows, float* sums) const;

 private:
  struct Block {
    int64_t begin = 0;  // the first key
    XnnpackOperator keys, values;
  };

  std::vector<float> mean_of(const float* keys) const;
  void quantize_channels(Context& context, const float* values, int64_t size, std::vector<int8_t>& to,
                         std::vector<float>& scales) const;
  XnnpackOperator create(Context& context, int64_t in, int64_t in_stride, int64_t out, int64_t out_stride,
                         const std::vector<float>& scales, const std::vector<int8_t>& matrix) const;
  void multiply(Context& context, const XnnpackOperator& op, const Tensor& x, int64_t begin, float* to) const;

  std::string name_;
  int64_t count_, d_;
  std::vector<Block> blocks_;
};

}  // namespace mobilediffusion::kernels
