// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/thread_pool.h"

#include <pthreadpool.h>

#include <algorithm>
#include <exception>
#include <latch>
#include <thread>
#include <vector>

#if !defined(_WIN32)
#include <unistd.h>
#endif

#include "kernels/runtime/allocation.h"
#include "kernels/runtime/thread_priority.h"
#include "kernels/runtime/usable_cores.h"

namespace mobilediffusion::kernels {
namespace {

// How many of so many threads, the caller's included, this process can have at once. pthreadpool does not look whether
// the system gave it those that it asked for, and waits for them for ever.
int obtainable(int threads) {
  std::latch all_asked(1);
  std::vector<std::thread> others;
  others.reserve(static_cast<size_t>(threads));
  try {
    while (static_cast<int>(others.size()) + 1 < threads) others.emplace_back([&all_asked] { all_asked.wait(); });
  } catch (const std::exception&) {  // no memory, or no more threads for this user
  }
  all_asked.count_down();
  for (std::thread& other : others) other.join();
  return static_cast<int>(others.size()) + 1;
}

}  // namespace

int64_t this_process() {
#if defined(_WIN32)
  return 0;
#else
  return ::getpid();
#endif
}

ThreadPool::ThreadPool(int threads) : pool_(nullptr, Deleter{.borrowed = false, .process = this_process()}) {
  constexpr int kMost = 8;
  if (threads == 0) threads = std::min(usable_cores(), kMost);
  if (threads > 1) threads = obtainable(threads);
  if (threads > 1 && !allocation_refused()) pool_.reset(pthreadpool_create(static_cast<size_t>(threads)));
}

ThreadPool::ThreadPool(pthreadpool* borrowed) : pool_(borrowed, Deleter{.borrowed = true, .process = this_process()}) {}

bool ThreadPool::forked() const { return pool_ && pool_.get_deleter().process != this_process(); }

int ThreadPool::threads() const {
  return get() != nullptr ? static_cast<int>(pthreadpool_get_threads_count(get())) : 1;
}

void ThreadPool::Deleter::operator()(pthreadpool* pool) const {
  // A child would wait for threads that it has not: there the pool's memory is left to the process's end.
  if (!borrowed && process == this_process()) pthreadpool_destroy(pool);
}

const ThreadPool& ThreadPool::fitting(int64_t alone_ns) const {
  constexpr int64_t kWorthWaitingFor = 40'000'000;  // ten turns of a shared core
  static const ThreadPool alone(1);
  return get() != nullptr && alone_ns < kWorthWaitingFor && contention_.recent() ? alone : *this;
}

void ThreadPool::run_in_background() const {
  pthreadpool* const pool = get();
  if (pool == nullptr) {
    kernels::run_in_background();
    return;
  }
  // Nobody is done before all have begun, so that each thread takes one part.
  std::latch everybody(threads());
  pthreadpool_parallelize_1d(
      pool,
      [](void* latch, size_t) {
        kernels::run_in_background();
        static_cast<std::latch*>(latch)->arrive_and_wait();
      },
      &everybody, pthreadpool_get_threads_count(pool), /*flags=*/0);
}

void ThreadPool::rest() const {
  pthreadpool* const pool = get();
  if (pool == nullptr) return;
  pthreadpool_parallelize_1d(
      pool, [](void*, size_t) {}, nullptr, pthreadpool_get_threads_count(pool), PTHREADPOOL_FLAG_YIELD_WORKERS);
}

void ThreadPool::run(int64_t count, int64_t grain, Piece piece, void* context) const {
  pthreadpool* const pool = get();
  if (pool == nullptr) {
    for (int64_t begin = 0; begin < count; begin += grain) piece(context, begin, std::min(begin + grain, count));
    return;
  }
  struct Call {
    Piece piece;
    void* context;
  } call{piece, context};
  pthreadpool_parallelize_1d_tile_1d(
      pool,
      [](void* argument, size_t begin, size_t length) {
        const auto* call = static_cast<const Call*>(argument);
        call->piece(call->context, static_cast<int64_t>(begin), static_cast<int64_t>(begin + length));
      },
      &call, static_cast<size_t>(count), static_cast<size_t>(grain), /*flags=*/0);
}

}  // namespace mobilediffusion::kernels
