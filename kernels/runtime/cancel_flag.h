// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <atomic>

#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

// What somebody else sets where a result will not be asked for: either of two. By default nobody does.
class CancelFlag {
 public:
  CancelFlag() = default;
  explicit CancelFlag(const std::atomic<bool>* flag, const std::atomic<bool>* other = nullptr)
      : flag_(flag), other_(other) {}

  bool is_set() const { return is_set(flag_) || is_set(other_); }
  static Status status() { return Status(StatusCode::kCancelled, "cancelled"); }

 private:
  static bool is_set(const std::atomic<bool>* flag) { return flag != nullptr && flag->load(std::memory_order_relaxed); }

  const std::atomic<bool>* flag_ = nullptr;
  const std::atomic<bool>* other_ = nullptr;
};

}  // namespace mobilediffusion::kernels
