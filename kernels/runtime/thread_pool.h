// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The threads that operators share: XNNPACK's own pool type, so that its operators and ours run on the same threads.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "kernels/runtime/cpu_contention.h"

struct pthreadpool;

namespace mobilediffusion::kernels {

// The process that asks, to tell a child of fork() from its parent; 0 where the system has no fork().
int64_t this_process();

// A process that fork() made has none of its parent's threads but the caller's: there every pool works as one of a
// single thread.
class ThreadPool {
 public:
  // `threads` counts the caller's own; 1 makes no thread at all. 0: a thread for each usable core, eight at most, since
  // more seldom share a fast memory path. Fewer where the system refuses some; the caller's alone where it has no
  // memory for the pool.
  explicit ThreadPool(int threads);

  // Somebody else's, which must outlive this.
  explicit ThreadPool(pthreadpool* borrowed);

  int threads() const;
  pthreadpool* get() const { return forked() ? nullptr : pool_.get(); }  // null with one thread

  // The threads for an operator that takes one of them some `alone_ns`: these, or the caller's alone where other programs
  // contend for the cores and the operator is small. Results are the same. One thread at a time asks.
  const ThreadPool& fitting(int64_t alone_ns) const;

  // Lowers the priority of every thread of the pool and of the caller's (thread_priority.h). Of a pool of our own.
  void run_in_background() const;

  // Sends the threads to sleep, which otherwise watch for more work for a while.
  void rest() const;

  // Calls body(begin, end) over [0, count) in pieces of `grain`, each piece once, on any thread, and waits for all.
  // How the range is cut does not depend on the number of threads.
  template <typename Body>
  void parallel_for(int64_t count, int64_t grain, Body&& body) const {
    using Function = std::remove_reference_t<Body>;
    run(
        count, grain, [](void* context, int64_t begin, int64_t end) { (*static_cast<Function*>(context))(begin, end); },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

 private:
  using Piece = void (*)(void* context, int64_t begin, int64_t end);
  void run(int64_t count, int64_t grain, Piece piece, void* context) const;

  // Whether this process is a child of the one that made the pool.
  bool forked() const;

  struct Deleter {
    bool borrowed;
    int64_t process;  // that made the pool
    void operator()(pthreadpool* pool) const;
  };
  std::unique_ptr<pthreadpool, Deleter> pool_;
  mutable CpuContention contention_;
};

}  // namespace mobilediffusion::kernels
