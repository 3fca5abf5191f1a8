// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/arena.h"

#include <algorithm>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "kernels/runtime/allocation.h"

namespace mobilediffusion::kernels {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kPadding = 128;                   // XNNPACK and our own vectors may read, never write, past the end
constexpr size_t kSmallestSlab = size_t{8} << 20;  // small enough for a phone, large enough for few of them

// Slabs start where a large page can, and ask for those: a picture of 512x512 touches 100,000 small ones, a tenth of a
// second.
constexpr size_t kSlabAlignment = size_t{2} << 20;

std::byte* new_slab(size_t bytes) {
  auto* const memory = static_cast<std::byte*>(kernels::allocate(bytes, kSlabAlignment));
#if defined(__linux__)
  if (memory != nullptr) ::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish; small pages do as well
#endif
  return memory;
}

size_t block_bytes(size_t bytes) { return (bytes + kPadding + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Arena::~Arena() {
  for (Slab& slab : slabs_) kernels::release(slab.memory);
}

void* Arena::allocate(size_t bytes) {
  const size_t length = block_bytes(bytes);
  if (length < bytes) return nullptr;
  void* memory = nullptr;
  if (mode_ == Mode::kMemory) {
    one_slab_.prepare();  // what could throw goes before what would then have to be undone
    if (live_.size() == live_.capacity()) live_.reserve(2 * live_.size() + 16);
    memory = cut(length);
    if (memory == nullptr) {
      trim();  // what is idle was too small, as it is when a network's next level is wider
      if (!add_slab(length)) return nullptr;
      memory = cut(length);
    }
    live_.push_back({memory, *one_slab_.take(length)});
  }
  live_bytes_ += length;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  return memory;
}

void* Arena::cut(size_t length) {
  for (Slab& slab : slabs_) {
    if (const std::optional<size_t> offset = slab.blocks.take(length)) return slab.memory + *offset;
  }
  return nullptr;
}

bool Arena::add_slab(size_t length) {
  const size_t bytes = std::max(length, kSmallestSlab);
  slabs_.reserve(slabs_.size() + 1);
  Slab slab{nullptr, bytes, FirstFit(bytes)};
  slab.memory = new_slab(bytes);
  if (slab.memory == nullptr) return false;
  slabs_.push_back(std::move(slab));
  return true;
}

Arena::Slab& Arena::slab_of(void* memory) {
  auto* const address = static_cast<std::byte*>(memory);
  return *std::ranges::find_if(slabs_,
                               [&](const Slab& s) { return address >= s.memory && address < s.memory + s.bytes; });
}

Arena::Live& Arena::live(void* memory) { return *std::ranges::find(live_, memory, &Live::memory); }

void Arena::shrink(void* memory, size_t bytes, size_t kept) {
  const size_t length = block_bytes(kept);
  live_bytes_ -= block_bytes(bytes) - length;
  if (memory == nullptr) return;
  Slab& slab = slab_of(memory);
  slab.blocks.shrink(slab.offset_of(memory), length);
  one_slab_.shrink(live(memory).offset, length);
}

void Arena::release(void* memory, size_t bytes) noexcept {
  live_bytes_ -= block_bytes(bytes);
  if (memory == nullptr) return;
  Slab& slab = slab_of(memory);
  slab.blocks.give(slab.offset_of(memory));
  Live& block = live(memory);
  one_slab_.give(block.offset);
  block = live_.back();
  live_.pop_back();
}

void Arena::settle() noexcept {
  peak_bytes_ = live_bytes_;
  if (!live_.empty()) return trim();  // somebody's tensor: another time
  const size_t wanted = std::max(one_slab_.extent(), kSmallestSlab);
  one_slab_.forget_extent();
  if (slabs_.size() == 1 && slabs_.front().bytes >= wanted && slabs_.front().bytes <= 2 * wanted) {
#if defined(MADV_FREE)
    ::madvise(slabs_.front().memory, slabs_.front().bytes / kSlabAlignment * kSlabAlignment, MADV_FREE);
#endif
    return;
  }
  trim();
  try {
    add_slab(wanted);
  } catch (const std::bad_alloc&) {
    // The next pass asks again, and says so where it cannot do without.
  }
}

void Arena::trim() {
  std::erase_if(slabs_, [](Slab& slab) {
    if (!slab.blocks.idle()) return false;
    kernels::release(slab.memory);
    return true;
  });
}

}  // namespace mobilediffusion::kernels
