// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/xnnpack/xnnpack_operator.h"

#include "kernels/runtime/allocation.h"

namespace mobilediffusion::kernels {

namespace {

thread_local int64_t allocated_bytes = 0;

void* counted(void* memory, size_t bytes) {
  if (memory != nullptr) allocated_bytes += static_cast<int64_t>(bytes);
  return memory;
}

// Ours for every operator, and for as long as the process lives.
constexpr xnn_allocator kAllocator = {
    .context = nullptr,
    .allocate = [](void*, size_t bytes) { return counted(allocate(bytes), bytes); },
    .reallocate = [](void*, void* memory, size_t bytes) { return reallocate(memory, bytes); },
    .deallocate = [](void*, void* memory) { release(memory); },
    .aligned_allocate = [](void*, size_t alignment,
                           size_t bytes) { return counted(allocate(bytes, alignment), bytes); },
    .aligned_deallocate = [](void*, void* memory) { release(memory); },
};

}  // namespace

int64_t xnnpack_allocated_bytes() { return allocated_bytes; }

Status xnnpack_ready() {
  static const xnn_status initialized = xnn_initialize(&kAllocator);
  switch (initialized) {
    case xnn_status_success:
      return {};
    case xnn_status_unsupported_hardware:
      return Status(StatusCode::kUnsupported, "this processor is older than XNNPACK supports");
    default:
      return Status(StatusCode::kOutOfMemory, "out of memory: XNNPACK could not be initialised");
  }
}

Status xnnpack_status(xnn_status status, std::string_view what, std::string_view name) {
  const std::string where = std::string(what) + " " + std::string(name);
  switch (status) {
    case xnn_status_success:
      return {};
    case xnn_status_out_of_memory:
      return Status(StatusCode::kOutOfMemory, "out of memory: " + where);
    case xnn_status_unsupported_hardware:
      return Status(StatusCode::kUnsupported, where + ": this processor lacks what the operator needs");
    default:
      return Status(StatusCode::kInternal,
                    where + ": XNNPACK refused with code " + std::to_string(static_cast<int>(status)));
  }
}

void run_xnnpack(Context& context, const XnnpackOperator& op, xnn_status reshaped_and_set_up, std::string_view name) {
  xnn_status status = reshaped_and_set_up;
  if (status == xnn_status_success) status = xnn_run_operator(op.get(), context.threads().get());
  if (status != xnn_status_success) context.fail(xnnpack_status(status, "running", name));
}

}  // namespace mobilediffusion::kernels
