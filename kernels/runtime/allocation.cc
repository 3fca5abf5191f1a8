// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/allocation.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#if defined(_WIN32) || defined(__GLIBC__)
#include <malloc.h>
#endif

namespace mobilediffusion::kernels {
namespace {

constexpr size_t kDefaultAlignment = alignof(std::max_align_t);

constexpr int64_t kNone = -1;
std::atomic<int64_t> before_failure{kNone};  // allocations before the one that is to fail
thread_local bool unchecked = false;

}  // namespace

bool allocation_refused() noexcept {
  if (before_failure.load(std::memory_order_relaxed) <= kNone || unchecked) return false;
  return before_failure.fetch_sub(1, std::memory_order_relaxed) == 0;
}

FailingAllocation::FailingAllocation(int64_t n) noexcept { before_failure = n; }
FailingAllocation::~FailingAllocation() { before_failure = kNone; }
bool FailingAllocation::happened() const noexcept { return before_failure <= kNone; }

UncheckedAllocations::UncheckedAllocations() noexcept { unchecked = true; }
UncheckedAllocations::~UncheckedAllocations() { unchecked = false; }

void* allocate(size_t bytes, size_t alignment) noexcept {
  if (allocation_refused()) return nullptr;
  bytes = std::max<size_t>(bytes, 1);  // of no bytes the system may make null, which is a failure here
#if defined(_WIN32)
  return ::_aligned_malloc(bytes, std::max(alignment, kDefaultAlignment));
#else
  if (alignment <= kDefaultAlignment) return std::malloc(bytes);
  void* memory = nullptr;
  return ::posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
#endif
}

void* reallocate(void* memory, size_t bytes) noexcept {
  if (allocation_refused()) return nullptr;
  bytes = std::max<size_t>(bytes, 1);
#if defined(_WIN32)
  return ::_aligned_realloc(memory, bytes, kDefaultAlignment);
#else
  return std::realloc(memory, bytes);
#endif
}

void give_back_released() noexcept {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

void release(void* memory) noexcept {
#if defined(_WIN32)
  ::_aligned_free(memory);
#else
  std::free(memory);
#endif
}

}  // namespace mobilediffusion::kernels
