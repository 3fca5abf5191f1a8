// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/turns.h"

namespace mobilediffusion {

bool Turns::begin() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (closed_) return false;
  ++inside_;
  changed_.wait(lock, [&] { return !running_ || closed_; });
  if (closed_) {
    --inside_;
    changed_.notify_all();
    return false;
  }
  running_ = true;
  return true;
}

void Turns::end() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (untidy_) tidy_();
  running_ = untidy_ = false;
  cancelled_ = false;
  --inside_;
  changed_.notify_all();  // within the lock: who waits in close() destroys this next
}

void Turns::cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) cancelled_ = true;
}

void Turns::tidy_up() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) {
    untidy_ = true;
  } else {
    tidy_();
  }
}

void Turns::close() {
  std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  if (running_) cancelled_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return inside_ == 0; });
}

}  // namespace mobilediffusion
