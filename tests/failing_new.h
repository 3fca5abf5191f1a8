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
thread_local long g_allocations_refused = 0;
}  // namespace

TEST_NOINLINE void* operator new(size_t bytes) {
  if (g_allocations_left == 0) {
    ++g_allocations_refused;
    throw std::bad_alloc();
  }
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

namespace {

// Runs `body` with no allocation left, then with one, and so on until it lacks none. It may throw std::bad_alloc. What
// it makes it should destroy, too: there is no memory for that either. Answers how many runs were short.
template <typename Body>
[[maybe_unused]] long run_short_of_memory(Body&& body) {
  for (long allowed = 0;; ++allowed) {
    g_allocations_refused = 0;
    g_allocations_left = allowed;
    try {
      body();
    } catch (const std::bad_alloc&) {
    }
    g_allocations_left = -1;
    if (g_allocations_refused == 0) return allowed;
  }
}

}  // namespace
