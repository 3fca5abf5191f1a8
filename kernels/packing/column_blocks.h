// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Wide matrices are multiplied some output channels at a time. XNNPACK reads all packed weights of an operator anew for
// each few rows of its input; where these are no more than a core's own cache holds, that is up to 1.9 times as fast.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/packing/float16_support.h"
#include "kernels/runtime/format.h"
#include "kernels/xnnpack/xnnpack_operator.h"

namespace mobilediffusion::kernels {

// Output channels [begin, begin + size) of an operator, under a name of their own.
struct ColumnBlock {
  std::string name;
  int64_t begin = 0, size = 0;
};

// That an operator's packed weights are kept under, which computes one of these ranges.
inline std::string block_name(std::string_view name, const std::vector<OutputRange>& ranges, size_t i) {
  return ranges.size() == 1 ? std::string(name) : std::string(name) + ".from_" + std::to_string(ranges[i].begin);
}

// For `out` channels, each with `size` weights, of an operator that reads `input`.
inline std::vector<ColumnBlock> column_blocks(std::string_view name, int out, int64_t size, Format input) {
  std::vector<OutputRange> ranges;
  if (input == Format::kFloat16) {
    ranges = float16_parts(out);
  } else {
    // XNNPACK computes so many channels at once, and packs as many where there are fewer.
    const int64_t tile = is_quantized(input) ? 64 : 32;
    constexpr int64_t kBlockBytes = 768 << 10;
    const int64_t most = std::max(kBlockBytes / (size * static_cast<int64_t>(size_of(input))) / tile * tile, tile);
    const int64_t count = (out + most - 1) / most;
    const int64_t step = count <= 1 ? out : ((out + count - 1) / count + tile - 1) / tile * tile;
    for (int64_t begin = 0; begin < out; begin += step)
      ranges.push_back({static_cast<int>(begin), static_cast<int>(std::min<int64_t>(begin + step, out))});
  }
  std::vector<ColumnBlock> blocks;
  for (size_t i = 0; i < ranges.size(); ++i)
    blocks.push_back({block_name(name, ranges, i), ranges[i].begin, ranges[i].end - ranges[i].begin});
  return blocks;
}

// What computes one block.
struct BlockOperator {
  int64_t begin;  // the first output channel
  XnnpackOperator op;
};

// Bytes of packed weights that the blocks hold themselves. Those in a store are the store's.
inline int64_t packed_bytes_of(const std::vector<BlockOperator>& blocks) {
  int64_t bytes = 0;
  for (const BlockOperator& block : blocks) bytes += block.op.bytes();
  return bytes;
}

}  // namespace mobilediffusion::kernels
