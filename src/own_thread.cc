// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/own_thread.h"

#include <system_error>

#include "kernels/runtime/thread_pool.h"
#include "kernels/runtime/thread_priority.h"

namespace mobilediffusion {

OwnThread::OwnThread() : process_(kernels::this_process()) {
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {
    // No thread can be had: what there is to do is done on the caller's.
  }
}

OwnThread::~OwnThread() {
  if (!thread_.joinable()) return;
  if (!is_here()) {
    thread_.detach();
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

bool OwnThread::is_here() const { return thread_.joinable() && process_ == kernels::this_process(); }

void OwnThread::run(const std::function<void()>& task) {
  if (!is_here()) return task();
  std::unique_lock<std::mutex> lock(mutex_);
  task_ = &task;
  changed_.notify_all();
  changed_.wait(lock, [&] { return task_ == nullptr; });
}

void OwnThread::work() {
  kernels::run_in_background();
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return task_ != nullptr || ends_; });
    if (task_ == nullptr) return;
    lock.unlock();
    (*task_)();
    lock.lock();
    task_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace mobilediffusion
