// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/cpu_contention.h"

#include <chrono>

#if defined(__unix__) || defined(__APPLE__)
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

int64_t involuntary_switches() {
#if defined(__unix__) || defined(__APPLE__)
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
#else
  return 0;
#endif
}

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
