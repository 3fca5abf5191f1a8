// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/cpu_contention.h"

#include <chrono>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <sys/resource.h>
#endif

namespace mobilediffusion::kernels {
namespace {

constexpr int64_t kMillisecond = 1000000;
constexpr int64_t kBetweenCounts = 4 * kMillisecond;
constexpr int64_t kStaysContended = 200 * kMillisecond;
constexpr int64_t kFewest = 2;                          // once is chance
constexpr int64_t kApartWhenQuiet = 20 * kMillisecond;  // a full core changes hands every few milliseconds

int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

#if defined(_WIN32)
int64_t ns(const FILETIME& time) {
  return (int64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) * 100;  // counted in 100 ns
}

// Windows does not count them. Where other programs run while no core is idle, they run in our place: that time, in
// turns of its scheduler.
int64_t involuntary_switches() {
  constexpr int64_t kTurn = 15 * kMillisecond;
  FILETIME idle, kernel, user, made, gone, own_kernel, own_user;  // the kernel's time counts the idle one
  if (!::GetSystemTimes(&idle, &kernel, &user) ||
      !::GetProcessTimes(::GetCurrentProcess(), &made, &gone, &own_kernel, &own_user))
    return 0;
  const int64_t others = ns(kernel) - ns(idle) + ns(user) - ns(own_kernel) - ns(own_user);
  return (others - ns(idle)) / kTurn;
}
#else
int64_t involuntary_switches() {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}
#endif

}  // namespace

CpuContention::Sources CpuContention::system() { return {steady_ns, involuntary_switches}; }

bool CpuContention::recent() {
  const int64_t now = sources_.now_ns();
  if (now < until_ns_) return true;
  const int64_t passed = now - counted_ns_;
  if (passed < kBetweenCounts) return false;
  const int64_t total = sources_.involuntary_switches();
  const int64_t times = total - switches_;
  const bool contended = counted_ns_ != 0 && times >= kFewest && times * kApartWhenQuiet >= passed;
  counted_ns_ = now;
  switches_ = total;
  if (contended) until_ns_ = now + kStaysContended;
  return contended;
}

}  // namespace mobilediffusion::kernels
