// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Whether other programs want the cores that our threads run on. Threads that share an operator wait for the last of
// them, and one that was pushed off its core comes back only when its turn does, milliseconds later: in a crowd, a
// small operator is done sooner by one thread.
#pragma once

#include <cstdint>

namespace mobilediffusion::kernels {

class Crowding {
 public:
  // Nanoseconds of a steady clock, and how often this process was pushed off a core so far.
  struct Sources {
    int64_t (*now_ns)();
    int64_t (*pushed_off)();
  };
  Crowding() : Crowding(system()) {}
  explicit Crowding(const Sources& sources) : sources_(sources), pushed_off_(sources.pushed_off()) {}

  // Cheap enough to ask before every operator. True for a while after threads were pushed off at a rate that a quiet
  // machine does not show. One thread at a time asks.
  bool lately();

 private:
  static Sources system();

  Sources sources_;
  int64_t pushed_off_;
  int64_t counted_ns_ = 0;
  int64_t until_ns_ = 0;
};

}  // namespace mobilediffusion::kernels
