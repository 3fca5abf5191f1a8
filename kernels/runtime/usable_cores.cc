// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/usable_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace mobilediffusion::kernels {
namespace {

int all_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

#if defined(__linux__)

constexpr double kWorthwhile = 0.5;  // of the fastest core's capacity

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// 0 where the file is missing or no number.
double number_in(const std::string& path) {
  double value = 0;
  std::ifstream(path) >> value;
  return value;
}

std::vector<int> allowed_cores() {
  std::vector<int> allowed;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) allowed.push_back(core);
    }
  }
  return allowed;
}

// The scheduler's own measure; where it has none, the highest clock.
double capacity_of(const std::string& core) {
  const double capacity = number_in(core + "/cpu_capacity");
  return capacity > 0 ? capacity : number_in(core + "/cpufreq/cpuinfo_max_freq");
}

// cgroup v2's "max 100000" or "150000 100000": microseconds of processor time in each period.
int quota(const std::string& root) {
  std::ifstream in(root + "/sys/fs/cgroup/cpu.max");
  double time = 0, period = 0;
  return in >> time >> period && time > 0 && period > 0 ? static_cast<int>(std::ceil(time / period)) : all_cores();
}

int count(const std::string& root) {
  const auto folder = [&](int core) { return root + "/sys/devices/system/cpu/cpu" + std::to_string(core); };
  std::map<int, double> capacities;  // of the cores that are allowed
  double fastest = 0;
  for (const int core : allowed_cores()) fastest = std::max(fastest, capacities[core] = capacity_of(folder(core)));
  std::set<std::string> distinct;  // by the list of hardware threads that share the core
  for (const auto& [core, capacity] : capacities) {
    if (capacity < kWorthwhile * fastest) continue;
    const std::string siblings = first_line(folder(core) + "/topology/thread_siblings_list");
    distinct.insert(siblings.empty() ? std::to_string(core) : siblings);
  }
  const int cores = distinct.empty() ? all_cores() : static_cast<int>(distinct.size());
  return std::min(cores, quota(root));
}

#elif defined(__APPLE__)

int count(const std::string& /*root*/) {
  int performance = 0;
  size_t size = sizeof performance;
  const bool known = sysctlbyname("hw.perflevel0.physicalcpu", &performance, &size, nullptr, 0) == 0;
  return known && performance > 0 ? performance : all_cores();
}

#else

int count(const std::string& /*root*/) { return all_cores(); }

#endif

}  // namespace

int usable_cores(const std::string& root) { return std::max(1, count(root)); }

}  // namespace mobilediffusion::kernels
