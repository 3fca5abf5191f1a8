// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstdint>

#if defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
// behind windows.h
#include <psapi.h>
#else
#include <sys/resource.h>
#if defined(__linux__)
#include <unistd.h>

#include <fstream>
#endif
#endif

namespace mobilediffusion {

#if defined(__linux__) || defined(_WIN32)
// The memory that this process has at present, without what is swapped out.
inline int64_t resident_bytes() {
#if defined(_WIN32)
  PROCESS_MEMORY_COUNTERS counters{};
  ::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof counters);
  return static_cast<int64_t>(counters.WorkingSetSize);
#else
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
#endif
}
#endif

// The most that it has had at once.
inline int64_t peak_resident_bytes() {
#if defined(_WIN32)
  PROCESS_MEMORY_COUNTERS counters{};
  ::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof counters);
  return static_cast<int64_t>(counters.PeakWorkingSetSize);
#else
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return int64_t{usage.ru_maxrss} * 1024;
#endif
#endif
}

}  // namespace mobilediffusion
