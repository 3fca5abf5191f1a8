// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The one place where kernels get memory from the system: the arena's slabs, packed weights, and all that XNNPACK
// allocates (xnnpack/xnnpack_operator.cc hands it these functions). A test can make each of these allocations fail.
//
// Two kinds of memory come from elsewhere. Containers and small objects are the standard operator new's, which a test
// replaces. pthreadpool takes no allocator: before a pool is made, allocation_refused() is asked.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mobilediffusion::kernels {

// Uninitialised memory at a multiple of `alignment`, a power of two. Null where the system has no more.
void* allocate(size_t bytes, size_t alignment = alignof(std::max_align_t)) noexcept;

// Memory of the default alignment, or null, made larger or smaller with what it holds. Null where the system has no
// more; then the old memory stays.
void* reallocate(void* memory, size_t bytes) noexcept;

// Takes back what either gave. Null is fine.
void release(void* memory) noexcept;

// Whether a test wants the allocation that a library is about to make by itself to fail.
bool allocation_refused() noexcept;

// For tests: while it lives, the n-th allocation of the process (0: the next) finds no memory. Those before and behind
// it do. One at a time.
class FailingAllocation {
 public:
  explicit FailingAllocation(int64_t n) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  // Whether it came to the n-th.
  bool happened() const noexcept;
};

// What was released and the allocator keeps for the next who asks goes back to the system, where it can be told so.
void give_back_released() noexcept;

// While it lives, no test makes an allocation of this thread fail: around calls of a library that would crash. They
// stay a process's end where the system truly has no memory.
class UncheckedAllocations {
 public:
  UncheckedAllocations() noexcept;
  ~UncheckedAllocations();
  UncheckedAllocations(const UncheckedAllocations&) = delete;
  UncheckedAllocations& operator=(const UncheckedAllocations&) = delete;
};

}  // namespace mobilediffusion::kernels
