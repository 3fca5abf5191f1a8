// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/context.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kernels/runtime/processor.h"

namespace mobilediffusion::kernels {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What one thread of a fast processor multiplies and adds, roughly: enough to tell an operator that takes many turns of a
// shared core from one that does not.
int64_t macs_a_nanosecond(const Kernel& kernel) {
  static const bool has_tiles = has_instructions("AMX");
  if (kernel.precision != Precision::kInt8 || kernel.products == Kernel::Products::kPanels) return 50;
  return has_tiles ? 800 : 200;
}

constexpr size_t kQuantizationPadding = 16;  // XNNPACK's tallest tile

// The values' bytes, up to where a Quantization can follow them.
size_t value_bytes(const Shape& shape, Format format) {
  const size_t bytes = static_cast<size_t>(shape.elements()) * size_of(format);
  return is_quantized(format) ? (bytes + 63) / 64 * 64 : bytes;
}

size_t quantizations(const Shape& shape, Format format) {
  return static_cast<size_t>(format == Format::kInt8PerPicture ? shape.n : shape.rows());
}

size_t bytes_of(const Shape& shape, Format format) {
  if (!is_quantized(format)) return value_bytes(shape, format);
  // The values are followed by room that vector loads may read, and that by the quantizations.
  return value_bytes(shape, format) + 64 + (quantizations(shape, format) + kQuantizationPadding) * sizeof(Quantization);
}

}  // namespace

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  if (this != &other) {
    reset();
    arena_ = std::exchange(other.arena_, nullptr);
    shape_ = std::exchange(other.shape_, Shape{});
    format_ = other.format_;
    data_ = std::exchange(other.data_, nullptr);
  }
  return *this;
}

void Tensor::reset() {
  if (arena_ != nullptr) arena_->release(data_, bytes_of(shape_, format_));
  arena_ = nullptr;
  shape_ = Shape{};
  data_ = nullptr;
}

Quantization* Tensor::quantization() {
  if (data_ == nullptr) return nullptr;
  return reinterpret_cast<Quantization*>(static_cast<std::byte*>(data_) + value_bytes(shape_, format_) + 64);
}

void Tensor::repeat_last_quantization() {
  Quantization* const end = quantization() + quantizations(shape_, format_);
  std::fill(end, end + kQuantizationPadding, end[-1]);
}

Tensor Tensor::cut_to(const Shape& shape) && {
  Tensor less = std::move(*this);
  if (less.arena_ != nullptr)
    less.arena_->shrink(less.data_, bytes_of(less.shape_, less.format_), bytes_of(shape, less.format_));
  less.shape_ = shape;
  return less;
}

Tensor Tensor::rows(int64_t first, int64_t count) {
  void* const at = data_ == nullptr ? nullptr : Tensor::at(first * shape_.w * shape_.c).data;
  return {/*arena=*/nullptr, {1, count, shape_.w, shape_.c}, format_, at};
}

Tensor Tensor::as(const Shape& shape) && {
  Tensor view = std::move(*this);
  view.shape_ = shape;
  return view;
}

void Context::fail(Status status) {
  if (status_.ok()) status_ = std::move(status);
}

Tensor Context::make(const Shape& shape, Format format) {
  if (!ok()) return Tensor(nullptr, shape, format, nullptr);
  const size_t bytes = bytes_of(shape, format);
  void* data = arena_->allocate(bytes);
  if (data == nullptr && arena_->mode() == Arena::Mode::kMemory) {
    fail(Status(StatusCode::kOutOfMemory, "out of memory: an activation of " + std::to_string(bytes >> 20) +
                                              " MiB could not be had beside " +
                                              std::to_string(arena_->live_bytes() >> 20) + " MiB in use"));
    return Tensor(nullptr, shape, format, nullptr);
  }
  return Tensor(arena_, shape, format, data);
}

bool Context::goes_on() {
  ++looks_;
  if (is_cancelled()) fail(CancelFlag::status());
  return ok();
}

Context::Call Context::begin(std::string_view name, std::string_view kind, int64_t macs, const Kernel& kernel) {
  goes_on();
  threads_ = &all_threads_->fitting(macs / macs_a_nanosecond(kernel));
  if (ok() && trace_ != nullptr) trace_->push_back({std::string(name), kind, macs, kernel});
  return Call(this, computes());
}

Context::Call::Call(Context* context, bool computes) : context_(context), computes_(computes) {
  if (computes_ && context_->trace_ != nullptr) {
    record_ = context_->trace_->size() - 1;
    start_ns_ = now_ns();
  }
}

Context::Call::~Call() {
  if (!computes_ || context_->trace_ == nullptr) return;
  OperatorRecord& record = (*context_->trace_)[record_];
  record.start = 1e-9 * static_cast<double>(start_ns_);
  record.seconds = 1e-9 * static_cast<double>(now_ns() - start_ns_);
}

}  // namespace mobilediffusion::kernels
