// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Keys and values of one head that are too many for a core's cache, packed once for all queries in blocks that are not.
// Only included by attention.cc and the packings.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "kernels/context.h"

namespace mobilediffusion::kernels {

class PackedKeys {
 public:
  virtual ~PackedKeys() = default;

  // Queries (rows, d) by keys, to (rows, count): but for a number that a query's scores have in common.
  virtual void score(Context& context, const float* queries, int64_t rows, float* scores) const = 0;

  // Weights (rows, count) by values, to (rows, d). Quantised keys take the scores instead, and their softmax with it.
  virtual void sum(Context& context, const float* weights, int64_t rows, float* sums) const = 0;
};

// Where it lies in memory, both of them (count, d).
struct KeysAndValues {
  const float *keys, *values;
  int64_t count, d;
};

// Whether so many are worth it.
inline bool suits_packing(int64_t count, int64_t d) { return count * d >= (int64_t{1} << 19); }
inline bool suits_quantizing(int64_t count) { return count >= 1024; }

// What is packed is not needed afterwards. Failures are the context's.
std::unique_ptr<PackedKeys> pack_keys(Context& context, std::string_view name, const KeysAndValues& of);

// The same in 8 bits: queries by row; keys by row after their mean was taken off, which adds the same to each score of
// a query and so leaves softmax as it was (Zhang et al., SageAttention, 2025); values by channel and block; weights by
// row in two parts, the second what the first leaves over, so that many small weights are not lost beside a large one.
std::unique_ptr<PackedKeys> quantize_keys(Context& context, std::string_view name, const KeysAndValues& of);

// Adds a block's `part` (rows, d) to the sums, or writes it there where it is the first.
void add_part(Context& context, const float* part, int64_t rows, int64_t d, bool first, float* sums);

}  // namespace mobilediffusion::kernels
