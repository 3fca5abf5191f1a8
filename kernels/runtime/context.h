// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator needs beside its operands: threads, memory, somewhere to say that it failed, someone to tell what it
// did. The first failure is latched and every later operator does nothing, so a forward pass is written without a check
// behind every line, and asks for the status once, at its end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/runtime/arena.h"
#include "kernels/runtime/cancel_flag.h"
#include "kernels/runtime/format.h"
#include "kernels/runtime/kernel.h"
#include "kernels/runtime/quantization.h"
#include "kernels/runtime/shape.h"
#include "kernels/runtime/thread_pool.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

class Context;

// An activation, owned: its memory returns to the arena with it. Move-only. Without data where the context only counts,
// or has failed.
class Tensor {
 public:
  Tensor() = default;
  Tensor(Tensor&& other) noexcept { *this = std::move(other); }
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor() { reset(); }

  const Shape& shape() const { return shape_; }
  Format format() const { return format_; }

  // Of any format.
  void* memory() { return data_; }
  const void* memory() const { return data_; }

  // Of Format::kFloat32.
  float* data() { return static_cast<float*>(data_); }
  const float* data() const { return static_cast<const float*>(data_); }

  // Of Format::kFloat32 or kFloat16: from a value on.
  Writing at(int64_t value) { return Writing{data_, format_} + value; }
  Reading at(int64_t value) const { return Reading{data_, format_} + value; }

  // Of the quantized ones: the values, and what they mean.
  int8_t* quantized() { return static_cast<int8_t*>(data_); }
  const int8_t* quantized() const { return static_cast<const int8_t*>(data_); }
  Quantization* quantization();
  const Quantization* quantization() const { return const_cast<Tensor*>(this)->quantization(); }

  // To be called when every quantization has been written: XNNPACK reads a tile of rows, past the last too, and takes
  // the last row's answer from whichever of those it computed last.
  void repeat_last_quantization();

  void reset();  // gives the memory back before the end of the scope

  // Its first values as a shape of fewer; the rest of the memory goes back. Not of the quantized ones.
  Tensor cut_to(const Shape& shape) &&;

  // Rows [first, first + count) of one picture, seen in place: for as long as this lives. Not of the quantized ones.
  Tensor rows(int64_t first, int64_t count);

  // The same values seen as another shape of as many elements; rows stay rows where they have a quantization each.
  Tensor as(const Shape& shape) &&;

 private:
  friend class Context;
  Tensor(Arena* arena, const Shape& shape, Format format, void* data)
      : arena_(arena), shape_(shape), format_(format), data_(data) {}

  Arena* arena_ = nullptr;
  Shape shape_;
  Format format_ = Format::kFloat32;
  void* data_ = nullptr;
};

// One operator call, as a trace keeps it. Names are the model's own: "unet.down_blocks.1.resnets.0.conv1".
struct OperatorRecord {
  std::string name;
  std::string_view kind;  // "conv2d", "linear", "attention", ...
  int64_t macs = 0;       // multiply-accumulates
  Kernel kernel;          // what computes it
  double start = 0;       // seconds on the steady clock; this and the next are 0 where the context only counts
  double seconds = 0;
};
using Trace = std::vector<OperatorRecord>;

class Context {
 public:
  // Both must outlive the context. With a measuring arena nothing is computed: shapes, the trace and the arena's peak
  // are right, data is null.
  Context(const ThreadPool& threads, Arena& arena) : all_threads_(&threads), threads_(&threads), arena_(&arena) {}

  // For the operator that was begun last.
  const ThreadPool& threads() const { return *threads_; }
  const Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }
  bool computes() const { return ok() && arena_->mode() == Arena::Mode::kMemory; }
  void fail(Status status);

  // An uninitialised activation. Out of memory is latched.
  Tensor make(const Shape& shape, Format format = Format::kFloat32);

  // Polled between operators, and between the parts of long ones; a true ends the pass with kCancelled.
  void set_cancel_flag(const CancelFlag& flag) { cancel_ = flag; }
  // Within an operator, on any of its threads: whether its result will not be asked for. The pass ends at the next
  // look.
  bool is_cancelled() const { return cancel_.is_set(); }
  const CancelFlag& cancel_flag() const { return cancel_; }

  // Between the parts of an operator that takes long: looks at the flag likewise. False where there is nothing more to
  // do.
  bool goes_on();
  int64_t looks() const { return looks_; }  // at the flag, so far

  void set_trace(Trace* trace) { trace_ = trace; }

  // Called between a network's blocks, to report progress (or, where the context only counts, to count them); may call
  // fail().
  void set_on_block(std::function<void()> on_block) { on_block_ = std::move(on_block); }
  void block_done() {
    if (on_block_ && ok()) on_block_();
  }

  // Announces an operator. False where it has nothing to do; else its time runs until the returned object dies.
  class Call {
   public:
    Call(Context* context, bool computes);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    explicit operator bool() const { return computes_; }

   private:
    Context* context_;
    bool computes_;
    size_t record_ = 0;
    int64_t start_ns_ = 0;
  };
  Call begin(std::string_view name, std::string_view kind, int64_t macs = 0, const Kernel& kernel = {});

 private:
  const ThreadPool* all_threads_;
  const ThreadPool* threads_;
  Arena* arena_;
  Status status_;
  CancelFlag cancel_;
  int64_t looks_ = 0;
  Trace* trace_ = nullptr;
  std::function<void()> on_block_;
};

}  // namespace mobilediffusion::kernels
