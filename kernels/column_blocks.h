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

namespace mobilediffusion::kernels {

// Output channels [begin, begin + size) of an operator, under a name of their own.
struct ColumnBlock {
  std::string name;
  int64_t begin = 0, size = 0;
};

// For `out` channels with weights of `bytes` each.
inline std::vector<ColumnBlock> column_blocks(std::string_view name, int64_t out, int64_t bytes) {
  constexpr int64_t kBlockBytes = 768 << 10, kTile = 32;  // XNNPACK computes 8 to 32 channels at once
  const int64_t most = std::max(kBlockBytes / bytes / kTile * kTile, kTile);
  const int64_t count = (out + most - 1) / most;
  const int64_t size = ((out + count - 1) / count + kTile - 1) / kTile * kTile;
  if (count <= 1) return {{std::string(name), 0, out}};
  std::vector<ColumnBlock> blocks;
  for (int64_t begin = 0; begin < out; begin += size)
    blocks.push_back({std::string(name) + ".from_" + std::to_string(begin), begin, std::min(size, out - begin)});
  return blocks;
}

}  // namespace mobilediffusion::kernels
