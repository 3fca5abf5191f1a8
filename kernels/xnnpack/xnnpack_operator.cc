// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/xnnpack/xnnpack_operator.h"

namespace mobilediffusion::kernels {

Status xnnpack_ready() {
  static const xnn_status initialized = xnn_initialize(/*allocator=*/nullptr);
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
