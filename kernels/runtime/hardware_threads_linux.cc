// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if defined(__linux__)
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "kernels/runtime/hardware_threads.h"

namespace mobilediffusion::kernels {
namespace {

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

// "0-3,8": the processors of a list, as the kernel writes them; none where it is missing or written in another way.
std::set<int> processors_in(const std::string& path) {
  std::set<int> processors;
  std::istringstream ranges(first_line(path));
  for (std::string range; std::getline(ranges, range, ',');) {
    std::istringstream in(range);
    int first = 0, last = 0;
    char dash = 0;
    if (!(in >> first)) return {};
    last = in >> dash >> last && dash == '-' ? last : first;
    constexpr int kMost = 1 << 16;
    for (int processor = first; processor <= std::min(last, kMost); ++processor) processors.insert(processor);
  }
  return processors;
}

// Of each folder what `leaf` tells; zeros where one of them tells nothing: units are not to be mixed.
std::vector<double> numbers_in(const std::vector<std::string>& folders, const char* leaf) {
  std::vector<double> numbers;
  for (const std::string& folder : folders) numbers.push_back(number_in(folder + leaf));
  if (std::ranges::any_of(numbers, [](double number) { return number <= 0; })) numbers.assign(folders.size(), 0);
  return numbers;
}

// The scheduler's own measure. Where it has none, the square of the highest clock: a phone's small cores do less in
// each of their cycles too, and have 1.8 GHz where the large ones have 2.8.
std::vector<double> capacities_in(const std::vector<std::string>& folders) {
  std::vector<double> capacities = numbers_in(folders, "/cpu_capacity");
  if (std::ranges::any_of(capacities, [](double capacity) { return capacity > 0; })) return capacities;
  capacities = numbers_in(folders, "/cpufreq/cpuinfo_max_freq");
  for (double& capacity : capacities) capacity *= capacity;
  return capacities;
}

}  // namespace

std::vector<HardwareThread> hardware_threads(const std::string& root, const std::vector<int>& allowed) {
  // Intel's performance cores, where there are efficient ones beside them.
  const std::set<int> performance = processors_in(root + "/sys/devices/cpu_core/cpus");
  std::vector<std::string> folders;
  for (const int processor : allowed) {
    folders.push_back(root + "/sys/devices/system/cpu/cpu" + std::to_string(processor));
  }
  const std::vector<double> capacities = capacities_in(folders);
  std::vector<HardwareThread> threads;
  for (size_t i = 0; i < allowed.size(); ++i) {
    const std::string siblings = first_line(folders[i] + "/topology/thread_siblings_list");
    threads.push_back({.core = siblings.empty() ? std::to_string(allowed[i]) : siblings,
                       .kind = performance.contains(allowed[i]) ? 1 : 0,
                       .capacity = capacities[i]});
  }
  return threads;
}

}  // namespace mobilediffusion::kernels
#endif
