// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The memory that activations live in. Blocks are cut from large slabs, first fit (a process that ran the full model
// touched 4% less with it than with best fit), and join their free neighbours when they come back; where no slab has
// room, idle ones go back to the system before there is another. So a forward pass runs in little more than what is
// alive at its widest point, and touches the same (warm) pages again and again. Not thread-safe: one forward pass, one
// arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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

  // Between two passes that are alike, with nothing alive: keeps one slab that the last pass would have fitted, so that
  // the next touches warm pages alone. Until then the system may take what they hold, where it can be told so.
  void settle() noexcept;

  Mode mode() const { return mode_; }
  size_t live_bytes() const { return live_bytes_; }
  size_t peak_bytes() const { return peak_bytes_; }  // the largest live_bytes() so far, or since the last settle()

 private:
  struct Block {
    size_t offset;
    size_t length;
    bool free;
  };
  struct Slab {
    std::byte* memory = nullptr;
    size_t bytes = 0;
    std::vector<Block> blocks;  // by offset, covering the slab; no two free ones side by side
  };
  Slab& slab_of(void* memory);
  static std::vector<Block>::iterator block_at(Slab& slab, void* memory);
  void* cut(size_t length);      // from the slabs there are; null when none has room
  bool add_slab(size_t length);  // with room for that

  Mode mode_;
  std::vector<Slab> slabs_;
  size_t live_bytes_ = 0;
  size_t peak_bytes_ = 0;
};

}  // namespace mobilediffusion::kernels
