// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The memory that activations live in. Blocks are cut from large slabs, first fit (a process that ran the full model
// touched 4% less with it than with best fit); where no slab has room, idle ones go back to the system before there is
// another. So a forward pass runs in little more than what is alive at its widest point, and touches the same (warm)
// pages again and again. Not thread-safe: one forward pass, one arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/runtime/first_fit.h"

namespace mobilediffusion::kernels {

class Arena {
 public:
  // A measuring arena hands out no memory and only keeps the count: what would this pass need?
  enum class Mode { kMemory, kMeasure };
  explicit Arena(Mode mode = Mode::kMemory) : mode_(mode) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `bytes` of uninitialised memory, aligned to 64 bytes and followed by padding that vector loads may read.
  // Null when the system has no more, and always in measuring mode.
  void* allocate(size_t bytes);

  // Takes back what allocate() gave for the same number of bytes. Allocates nothing, so it cannot fail.
  void release(void* memory, size_t bytes) noexcept;

  // Takes back what lies behind the first `kept` of so many bytes.
  void shrink(void* memory, size_t bytes, size_t kept);

  // Returns every slab without a live block to the system: between stages.
  void trim();

  // Between two passes that are alike, with nothing alive: keeps one slab that the last pass just fits, so that the
  // next ones touch the same pages. Until then the system may take what they hold, where it can be told so.
  void settle() noexcept;

  Mode mode() const { return mode_; }
  size_t live_bytes() const { return live_bytes_; }
  size_t peak_bytes() const { return peak_bytes_; }  // the largest live_bytes() so far, or since the last settle()

 private:
  struct Slab {
    std::byte* memory = nullptr;
    size_t bytes = 0;
    FirstFit blocks;

    size_t offset_of(const void* block) const {
      return static_cast<size_t>(static_cast<const std::byte*>(block) - memory);
    }
  };
  // A block, and where it would lie were there one slab from the pass's start.
  struct Live {
    void* memory;
    size_t offset;
  };
  Slab& slab_of(void* memory);
  Live& live(void* memory);
  void* cut(size_t length);      // from the slabs there are; null when none has room
  bool add_slab(size_t length);  // with room for that

  Mode mode_;
  std::vector<Slab> slabs_;
  FirstFit one_slab_{FirstFit::kUnbounded};
  std::vector<Live> live_;
  size_t live_bytes_ = 0;
  size_t peak_bytes_ = 0;
};

}  // namespace mobilediffusion::kernels
