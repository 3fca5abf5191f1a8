// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a system tells of the processor that a process may run on, and which of its cores are worth a thread each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mobilediffusion::kernels {

struct HardwareThread {
  std::string core;     // the same for threads that share one
  int kind = 0;         // of a hybrid processor's cores, the faster the higher
  double capacity = 0;  // what it gets done, in a unit that is the same for all; 0: not told
};

// Cores that do not slow the others down: of two threads of one core one counts, of several kinds all but the slowest,
// and of these those with at least half the fastest's capacity: an operator waits for its slowest thread. 0 for none.
int worthwhile_cores(const std::vector<HardwareThread>& threads);

#if defined(__linux__)

// By /sys of the processors that are allowed, whose numbers these are: the cores' capacities as the scheduler has them,
// or their highest clocks; Intel's kinds of cores. `root` stands before the system's own paths, for tests.
std::vector<HardwareThread> hardware_threads(const std::string& root, const std::vector<int>& allowed);

#elif defined(_WIN32)

// By the records of GetLogicalProcessorInformationEx(RelationProcessorCore): the efficiency class is a core's kind. Of
// group 0 only those count that `affinity` has, unless it is 0.
std::vector<HardwareThread> hardware_threads(const std::vector<std::byte>& records, size_t affinity);

#endif

// Of Apple's processors: those of the fastest kind, or, where there is one kind, all. lookup(name) is a number of
// sysctl's, 0 where there is none of that name. 0 where neither is told.
template <typename Lookup>
int performance_cores(Lookup&& lookup) {
  const int performance = lookup("hw.perflevel0.physicalcpu");
  return performance > 0 ? performance : lookup("hw.physicalcpu");
}

}  // namespace mobilediffusion::kernels
