// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A thread of a pipeline's own that works for its callers at low priority, while they wait.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

namespace mobilediffusion {

class OwnThread {
 public:
  OwnThread();
  ~OwnThread();
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

  // Runs `task`, which must not throw, on that thread and returns when it is done. On the calling thread where the
  // system gave no other, and in a child of fork(), which has none. One caller at a time.
  void run(const std::function<void()>& task);

 private:
  void work();
  bool is_here() const;  // whether this process has the thread

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* task_ = nullptr;
  bool ends_ = false;
  const int64_t process_;
  std::thread thread_;
};

}  // namespace mobilediffusion
