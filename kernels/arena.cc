// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/arena.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace mobilediffusion::kernels {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kPadding = 128;                   // XNNPACK and our own vectors may read, never write, past the end
constexpr size_t kSmallestSlab = size_t{8} << 20;  // small enough for a phone, large enough for few of them

// Slabs start where a large page can, and ask for those: a picture of 512x512 touches 100,000 small ones, a tenth of a
// second.
constexpr size_t kSlabAlignment = size_t{2} << 20;

std::byte* new_slab(size_t bytes) {
  auto* const memory = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kSlabAlignment}, std::nothrow));
#if defined(__linux__)
  if (memory != nullptr) ::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; small pages do as well
#endif
  return memory;
}

void delete_slab(std::byte* memory) { ::operator delete (memory, std::align_val_t{kSlabAlignment}); }

size_t block_bytes(size_t bytes) { return (bytes + kPadding + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Arena::~Arena() {
  for (Slab& slab : slabs_) delete_slab(slab.memory);
}

void* Arena::allocate(size_t bytes) {
  const size_t length = block_bytes(bytes);
  if (length < bytes) return nullptr;
  void* memory = nullptr;
  if (mode_ == Mode::kMemory) {
    memory = cut(length);
    if (memory == nullptr) {
      trim();  // what is idle was too small, as it is when a network's next level is wider
      if (!add_slab(length)) return nullptr;
      memory = cut(length);
    }
  }
  live_bytes_ += length;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  return memory;
}

void* Arena::cut(size_t length) {
  for (Slab& slab : slabs_) {
    const auto hole = std::ranges::find_if(slab.blocks, [&](const Block& b) { return b.free && b.length >= length; });
    if (hole == slab.blocks.end()) continue;
    const Block rest{hole->offset + length, hole->length - length, true};
    *hole = {hole->offset, length, false};
    std::byte* const memory = slab.memory + hole->offset;
    if (rest.length > 0) slab.blocks.insert(std::next(hole), rest);
    return memory;
  }
  return nullptr;
}

bool Arena::add_slab(size_t length) {
  Slab slab;
  slab.bytes = std::max(length, kSmallestSlab);
  slab.blocks.push_back({0, slab.bytes, true});
  slabs_.reserve(slabs_.size() + 1);
  slab.memory = new_slab(slab.bytes);
  if (slab.memory == nullptr) return false;
  slabs_.push_back(std::move(slab));
  return true;
}

Arena::Slab& Arena::slab_of(void* memory) {
  auto* const address = static_cast<std::byte*>(memory);
  return *std::find_if(slabs_.begin(), slabs_.end(),
                       [&](const Slab& s) { return address >= s.memory && address < s.memory + s.bytes; });
}

std::vector<Arena::Block>::iterator Arena::block_at(Slab& slab, void* memory) {
  return std::lower_bound(slab.blocks.begin(), slab.blocks.end(),
                          static_cast<size_t>(static_cast<std::byte*>(memory) - slab.memory),
                          [](const Block& b, size_t offset) { return b.offset < offset; });
}

void Arena::shrink(void* memory, size_t bytes, size_t kept) {
  const size_t length = block_bytes(bytes), rest = length - block_bytes(kept);
  if (rest == 0) return;
  live_bytes_ -= rest;
  if (memory == nullptr) return;
  Slab& slab = slab_of(memory);
  const auto block = block_at(slab, memory);
  block->length -= rest;
  const auto next = std::next(block);
  if (next != slab.blocks.end() && next->free) {
    next->offset -= rest;
    next->length += rest;
  } else {
    slab.blocks.insert(next, Block{block->offset + block->length, rest, true});
  }
}

void Arena::release(void* memory, size_t bytes) noexcept {
  live_bytes_ -= block_bytes(bytes);
  if (memory == nullptr) return;
  Slab& slab = slab_of(memory);
  auto& blocks = slab.blocks;
  auto block = block_at(slab, memory);
  block->free = true;
  if (const auto next = std::next(block); next != blocks.end() && next->free) {
    block->length += next->length;
    blocks.erase(next);
  }
  if (block != blocks.begin() && std::prev(block)->free) {
    std::prev(block)->length += block->length;
    blocks.erase(block);
  }
}

void Arena::settle() noexcept {
  size_t held = 0;
  for (const Slab& slab : slabs_) held += slab.bytes;
  // First fit leaves some holes unused.
  const size_t wanted = std::max(peak_bytes_ + peak_bytes_ / 8, kSmallestSlab);
  peak_bytes_ = live_bytes_;
  if (slabs_.size() != 1 || held > 2 * wanted) {
    trim();
    if (!slabs_.empty()) return;  // somebody's tensor is alive
    try {
      add_slab(std::max(wanted, std::min(held, 2 * wanted)));
    } catch (const std::bad_alloc&) {
      // The next pass asks again, and says so where it cannot do without.
    }
    return;
  }
#if defined(MADV_FREE)
  ::madvise(slabs_.front().memory, held / kSlabAlignment * kSlabAlignment, MADV_FREE);
#endif
}

void Arena::trim() {
  std::erase_if(slabs_, [](Slab& slab) {
    const bool idle = slab.blocks.size() == 1 && slab.blocks.front().free;
    if (idle) delete_slab(slab.memory);
    return idle;
  });
}

}  // namespace mobilediffusion::kernels
