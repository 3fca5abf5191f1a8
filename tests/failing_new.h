// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Replaces operator new in a test's program by one that fails on demand: as many calls of this thread as are left succeed,
// and none after them. To be included by one file of a program. Not inlined, or GCC sees malloc's memory deleted and
// warns.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__GNUC__)
#define TEST_NOINLINE [[gnu::noinline]]
#else
#define TEST_NOINLINE
#endif
namespace {
thread_local long g_allocations_left = -1;  // negative: no limit
}

TEST_NOINLINE void* operator new(size_t bytes) {
  if (g_allocations_left == 0) throw std::bad_alloc();
  if (g_allocations_left > 0) --g_allocations_left;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
TEST_NOINLINE void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
TEST_NOINLINE void operator delete(void* memory) noexcept { std::free(memory); }
TEST_NOINLINE void operator delete(void* memory, size_t) noexcept { std::free(memory); }
