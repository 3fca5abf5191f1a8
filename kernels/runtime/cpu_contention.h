// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// CPU contention (oversubscription): whether other programs want the cores that our threads run on. Threads that share
// an operator wait for the last of them, and one that was preempted runs again only when its turn comes, milliseconds
// later: under contention a small operator is done sooner by one thread.
#pragma once

#include <cstdint>

namespace mobilediffusion::kernels {

class CpuContention {
 public:
  // Nanoseconds of a steady clock, and how often the threads of this process were preempted so far.
  struct Sources {
    int64_t (*now_ns)();
    int64_t (*involuntary_switches)();
  };
  CpuContention() : CpuContention(system()) {}
  explicit CpuContention(const Sources& sources) : sources_(sources), switches_(sources.involuntary_switches()) {}

  // Cheap enough to ask before every operator. True for a while after threads were preempted at a rate that a quiet
  // machine does not show. One thread at a time asks.
  bool recent();

 private:
  static Sources system();

  Sources sources_;
  int64_t switches_;
  int64_t counted_ns_ = 0;
  int64_t until_ns_ = 0;
};

}  // namespace mobilediffusion::kernels
