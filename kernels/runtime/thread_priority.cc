// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/thread_priority.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#elif defined(__APPLE__)
#include <pthread.h>
#include <pthread/qos.h>
#elif defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace mobilediffusion::kernels {

bool run_in_background() {
#if defined(_WIN32)
  const HANDLE self = GetCurrentThread();
  return SetThreadPriority(self, THREAD_MODE_BACKGROUND_BEGIN) != 0 ||
         SetThreadPriority(self, THREAD_PRIORITY_BELOW_NORMAL) != 0;
#elif defined(__APPLE__)
  return pthread_set_qos_class_self_np(QOS_CLASS_BACKGROUND, 0) == 0;
#elif defined(__linux__)
  // Of this thread alone: Linux counts niceness by thread.
  constexpr int kNice = 10;  // Android's THREAD_PRIORITY_BACKGROUND
  const auto self = static_cast<id_t>(::syscall(SYS_gettid));
  return ::getpriority(PRIO_PROCESS, self) >= kNice || ::setpriority(PRIO_PROCESS, self, kNice) == 0;
#else
  return false;
#endif
}

}  // namespace mobilediffusion::kernels
