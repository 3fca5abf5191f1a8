// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/usable_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <thread>
#include <vector>

#include "kernels/runtime/hardware_threads.h"

#if defined(__linux__)
#include <sched.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

namespace mobilediffusion::kernels {
namespace {

int all_cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

#if defined(__linux__)

std::vector<int> allowed_processors() {
  std::vector<int> allowed;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
      if (CPU_ISSET(processor, &set)) allowed.push_back(processor);
    }
  }
  return allowed;
}

// cgroup v2's "max 100000" or "150000 100000": microseconds of processor time in each period.
int quota(const std::string& root) {
  std::ifstream in(root + "/sys/fs/cgroup/cpu.max");
  double time = 0, period = 0;
  return in >> time >> period && time > 0 && period > 0 ? static_cast<int>(std::ceil(time / period)) : all_cores();
}

int count(const std::string& root) {
  const int cores = worthwhile_cores(hardware_threads(root, allowed_processors()));
  return std::min(cores == 0 ? all_cores() : cores, quota(root));
}

#elif defined(__APPLE__)

int number_of_sysctl(const char* name) {
  int number = 0;
  size_t size = sizeof number;
  return sysctlbyname(name, &number, &size, nullptr, 0) == 0 ? number : 0;
}

int count(const std::string& /*root*/) {
  const int cores = performance_cores(number_of_sysctl);
  return cores > 0 ? cores : all_cores();
}

#elif defined(_WIN32)

// Empty where the system does not tell.
std::vector<std::byte> records_of_cores() {
  DWORD size = 0;
  GetLogicalProcessorInformationEx(RelationProcessorCore, nullptr, &size);
  std::vector<std::byte> records(size);
  const auto buffer = reinterpret_cast<SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(records.data());
  if (size == 0 || GetLogicalProcessorInformationEx(RelationProcessorCore, buffer, &size) == 0) return {};
  records.resize(size);
  return records;
}

int count(const std::string& /*root*/) {
  DWORD_PTR allowed = 0, present = 0;
  GetProcessAffinityMask(GetCurrentProcess(), &allowed, &present);  // zeros where a process has several groups
  const int cores = worthwhile_cores(hardware_threads(records_of_cores(), allowed));
  return cores == 0 ? all_cores() : cores;
}

#else

int count(const std::string& /*root*/) { return all_cores(); }

#endif

}  // namespace

int usable_cores(const std::string& root) { return std::max(1, count(root)); }

}  // namespace mobilediffusion::kernels
