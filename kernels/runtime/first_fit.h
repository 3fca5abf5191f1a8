// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where in a range of bytes things lie: blocks are cut first fit, and join their free neighbours when they come back.
// Only numbers; the memory is the arena's.
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace mobilediffusion::kernels {

class FirstFit {
 public:
  static constexpr size_t kUnbounded = std::numeric_limits<size_t>::max();

  explicit FirstFit(size_t bytes) : blocks_{{0, bytes, true}} {}

  // The offset of a block of `length`; none where no hole has room. Where it throws, nothing has changed.
  std::optional<size_t> take(size_t length);

  // Takes the block at an offset back. Allocates nothing, so it cannot fail.
  void give(size_t offset) noexcept;

  // Takes back what lies behind the first `length` bytes of the block at an offset.
  void shrink(size_t offset, size_t length);

  // With this, the next take() or shrink() does not throw.
  void prepare();

  bool idle() const { return blocks_.size() == 1 && blocks_.front().free; }

  // The end of the block that lay highest so far, or since it was forgotten.
  size_t extent() const { return extent_; }
  void forget_extent() { extent_ = 0; }

 private:
  struct Block {
    size_t offset;
    size_t length;
    bool free;
  };
  std::vector<Block>::iterator block_at(size_t offset);

  std::vector<Block> blocks_;  // by offset, covering the range; no two free ones side by side
  size_t extent_ = 0;
};

}  // namespace mobilediffusion::kernels
