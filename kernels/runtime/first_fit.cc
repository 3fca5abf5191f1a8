// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/first_fit.h"

#include <algorithm>
#include <iterator>

namespace mobilediffusion::kernels {

void FirstFit::prepare() {
  if (blocks_.size() == blocks_.capacity()) blocks_.reserve(2 * blocks_.size());
}

std::optional<size_t> FirstFit::take(size_t length) {
  prepare();
  const auto hole = std::ranges::find_if(blocks_, [&](const Block& b) { return b.free && b.length >= length; });
  if (hole == blocks_.end()) return std::nullopt;
  const size_t offset = hole->offset;
  const Block rest{offset + length, hole->length - length, true};
  *hole = {offset, length, false};
  if (rest.length > 0) blocks_.insert(std::next(hole), rest);
  extent_ = std::max(extent_, offset + length);
  return offset;
}

void FirstFit::give(size_t offset) noexcept {
  auto block = block_at(offset);
  block->free = true;
  if (const auto next = std::next(block); next != blocks_.end() && next->free) {
    block->length += next->length;
    blocks_.erase(next);
  }
  if (block != blocks_.begin() && std::prev(block)->free) {
    std::prev(block)->length += block->length;
    blocks_.erase(block);
  }
}

void FirstFit::shrink(size_t offset, size_t length) {
  prepare();
  const auto block = block_at(offset);
  const size_t rest = block->length - length;
  if (rest == 0) return;
  block->length = length;
  const auto next = std::next(block);
  if (next != blocks_.end() && next->free) {
    next->offset -= rest;
    next->length += rest;
  } else {
    blocks_.insert(next, Block{offset + length, rest, true});
  }
}

std::vector<FirstFit::Block>::iterator FirstFit::block_at(size_t offset) {
  return std::ranges::lower_bound(blocks_, offset, {}, &Block::offset);
}

}  // namespace mobilediffusion::kernels
