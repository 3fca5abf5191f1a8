// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/hardware_threads.h"

#include <algorithm>
#include <set>

namespace mobilediffusion::kernels {

int worthwhile_cores(const std::vector<HardwareThread>& threads) {
  constexpr double kWorthwhile = 0.5;  // of the fastest core's capacity
  if (threads.empty()) return 0;
  const auto by_kind = [](const HardwareThread& a, const HardwareThread& b) { return a.kind < b.kind; };
  const auto [slowest, best] = std::ranges::minmax(threads, by_kind);
  const auto is_slow = [&](const HardwareThread& thread) {
    return slowest.kind < best.kind && thread.kind == slowest.kind;
  };
  double fastest = 0;
  for (const HardwareThread& thread : threads) {
    if (!is_slow(thread)) fastest = std::max(fastest, thread.capacity);
  }
  std::set<std::string> cores;
  for (const HardwareThread& thread : threads) {
    if (!is_slow(thread) && thread.capacity >= kWorthwhile * fastest) cores.insert(thread.core);
  }
  return static_cast<int>(cores.size());
}

}  // namespace mobilediffusion::kernels
