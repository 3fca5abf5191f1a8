// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// An XNNPACK operator as an owned value, and XNNPACK's answers as our Status.
#pragma once

#include <xnnpack.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/runtime/context.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

class XnnpackOperator {
 public:
  XnnpackOperator() = default;
  XnnpackOperator(xnn_operator_t op, int64_t bytes) : op_(op), bytes_(bytes) {}

  xnn_operator_t get() const { return op_.get(); }

  // What XNNPACK allocated to make it: the packed weights, unless a cache keeps them, and some hundred bytes of its
  // own.
  int64_t bytes() const { return bytes_; }

 private:
  struct Deleter {
    void operator()(xnn_operator* op) const { xnn_delete_operator(op); }
  };
  std::unique_ptr<xnn_operator, Deleter> op_;
  int64_t bytes_ = 0;
};

// No limit to what an operator writes.
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Ok where XNNPACK can run on this machine. Initialises it at the first call; any thread may call. From then on its
// memory comes from runtime/allocation.h, unless the process had initialised the same XNNPACK for itself before.
Status xnnpack_ready();

// What XNNPACK has allocated so far on the thread that asks.
int64_t xnnpack_allocated_bytes();

// What an XNNPACK call that did not succeed means; `what` and `name` say which call of which operator.
Status xnnpack_status(xnn_status status, std::string_view what, std::string_view name);

// Creates an operator: `create` gets where packed weights are kept (null: by the operator) and the place for the new
// handle. The first failure is put into `status`.
template <typename Create>
XnnpackOperator create_xnnpack_operator(std::string_view name, xnn_weights_cache_t weights_cache, Status& status,
                                        Create&& create) {
  if (!status.ok()) return {};
  status = xnnpack_ready();
  if (!status.ok()) return {};
  xnn_operator_t op = nullptr;
  const int64_t before = xnnpack_allocated_bytes();
  xnn_status created = create(weights_cache, &op);
  // A convolution that finds no memory for its padding is given up without saying so.
  if (created == xnn_status_success && op == nullptr) created = xnn_status_out_of_memory;
  if (created != xnn_status_success) {
    status = xnnpack_status(created, "making", name);
    return {};
  }
  return {op, xnnpack_allocated_bytes() - before};
}

// A quantised activation's, as XNNPACK's type.
inline const xnn_quantization_params* quantization_params(const Tensor& x) {
  static_assert(sizeof(Quantization) == sizeof(xnn_quantization_params));
  return reinterpret_cast<const xnn_quantization_params*>(x.quantization());
}

// Values from `at` on; null where there are none, since what they pack to is kept.
template <typename Value>
const Value* from(const std::vector<Value>& values, size_t at) {
  return values.empty() ? nullptr : values.data() + at;
}

// Scratch memory for the length of one operator call.
class Workspace {
 public:
  Workspace() = default;
  Workspace(Context& context, size_t bytes)
      : memory_(bytes == 0 ? Tensor() : context.make({1, 1, 1, static_cast<int64_t>((bytes + 3) / 4)})) {}
  void* get() { return memory_.data(); }

 private:
  Tensor memory_;
};

// The last act of every call: runs the operator and latches what goes wrong.
void run_xnnpack(Context& context, const XnnpackOperator& op, xnn_status reshaped_and_set_up, std::string_view name);

}  // namespace mobilediffusion::kernels
