// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <atomic>

#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

// What somebody else sets where a result will not be asked for. By default nobody does.
class CancelFlag {
 public:
  CancelFlag() = default;
  explicit CancelFlag(const std::atomic<bool>* flag) : flag_(flag) {}

  bool is_set() const { return flag_ != nullptr && flag_->load(std::memory_order_relaxed); }
  static Status status() { return Status(StatusCode::kCancelled, "cancelled"); }

 private:
  const std::atomic<bool>* flag_ = nullptr;
};

}  // namespace mobilediffusion::kernels
