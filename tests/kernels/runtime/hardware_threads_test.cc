// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Made-up machines, as their systems describe them.
#include "kernels/runtime/hardware_threads.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <cstring>
#endif

namespace mobilediffusion::kernels {
namespace {

std::vector<HardwareThread> cores_of(const std::vector<int>& kinds) {
  std::vector<HardwareThread> threads;
  for (const int kind : kinds) threads.push_back({.core = std::to_string(threads.size()), .kind = kind});
  return threads;
}

TEST(WorthwhileCores, AreAllButTheSlowestKind) {
  EXPECT_EQ(worthwhile_cores({}), 0);
  EXPECT_EQ(worthwhile_cores(cores_of({0, 0, 0, 0})), 4);
  EXPECT_EQ(worthwhile_cores(cores_of({1, 1, 0, 0, 0, 0})), 2);
  EXPECT_EQ(worthwhile_cores(cores_of({0, 0, 0, 0, 1, 1, 1, 2})), 4);
}

TEST(WorthwhileCores, AreApples) {
  const auto with = [](const std::map<std::string, int>& numbers) {
    return performance_cores([&](const char* name) { return numbers.contains(name) ? numbers.at(name) : 0; });
  };
  EXPECT_EQ(with({{"hw.perflevel0.physicalcpu", 2}, {"hw.perflevel1.physicalcpu", 4}, {"hw.physicalcpu", 6}}), 2);
  EXPECT_EQ(with({{"hw.physicalcpu", 8}, {"hw.logicalcpu", 16}}), 8);
  EXPECT_EQ(with({}), 0);
}

#if defined(__linux__)

class HardwareThreads : public testing::Test {
 protected:
  void describe(const std::string& leaf, const std::string& text) const {
    const std::string path = "sys/devices/" + leaf;
    std::filesystem::create_directories(std::filesystem::path(root_.path(path)).parent_path());
    root_.write(path, text + "\n");
  }
  void describe(int processor, const std::string& leaf, const std::string& text) const {
    describe("system/cpu/cpu" + std::to_string(processor) + "/" + leaf, text);
  }

  // A number for each processor, from 0 on.
  void describe_all(const std::string& leaf, const std::vector<int>& numbers) const {
    for (size_t i = 0; i < numbers.size(); ++i) describe(static_cast<int>(i), leaf, std::to_string(numbers[i]));
  }

  // With hyper-threading two processors that follow each other are one core.
  void describe_pairs(int first, int last) const {
    for (int i = first; i <= last; ++i) {
      const int even = i - (i - first) % 2;
      describe(i, "topology/thread_siblings_list", std::to_string(even) + "-" + std::to_string(even + 1));
    }
  }

  int count(int first, int last) const {
    std::vector<int> allowed;
    for (int i = first; i <= last; ++i) allowed.push_back(i);
    return worthwhile_cores(hardware_threads(root_.path(), allowed));
  }

  const TemporaryFolder root_;
};

TEST_F(HardwareThreads, OfThreeClustersAreTheLargeAndTheMiddleOnes) {
  describe_all("cpu_capacity", {300, 300, 300, 300, 800, 800, 800, 1024});
  describe_all("cpufreq/cpuinfo_max_freq", {1, 1, 1, 1, 1, 1, 1, 1});
  EXPECT_EQ(count(0, 7), 4);
  EXPECT_EQ(count(0, 3), 4) << "where an app in the background gets the small ones alone";
  EXPECT_EQ(count(0, 4), 1);
}

TEST_F(HardwareThreads, OfThreeClustersAreFoundByTheirClocks) {
  describe_all("cpufreq/cpuinfo_max_freq", {1804800, 1804800, 1804800, 1804800, 2419200, 2419200, 2419200, 2841600});
  EXPECT_EQ(count(0, 7), 4);
}

TEST_F(HardwareThreads, OfOtherPhones) {
  describe_all("cpu_capacity", {160, 160, 160, 160, 498, 498, 1024, 1024});  // 4 + 2 + 2
  EXPECT_EQ(count(0, 7), 2);
  describe_all("cpu_capacity", {444, 444, 444, 444, 1024, 1024, 1024, 1024});  // 4 + 4
  EXPECT_EQ(count(0, 7), 4);
  describe_all("cpu_capacity", {600, 600, 600, 600, 900, 900, 900, 1024});  // large ones alone
  EXPECT_EQ(count(0, 7), 8);
}

TEST_F(HardwareThreads, AreNotMeasuredInTwoUnits) {
  describe_all("cpu_capacity", {1024, 1024});
  describe_all("cpufreq/cpuinfo_max_freq", {2000000, 2000000, 2000000, 2000000});
  EXPECT_EQ(count(0, 3), 4) << "two cores tell their clock alone";
  describe(2, "cpufreq/cpuinfo_max_freq", "");
  EXPECT_EQ(count(0, 3), 4) << "one core tells nothing";
}

TEST_F(HardwareThreads, OfAHybridDesktopAreItsPerformanceCores) {
  describe("cpu_core/cpus", "0-15");
  describe("cpu_atom/cpus", "16-23");
  describe_pairs(0, 15);
  describe_all("cpufreq/cpuinfo_max_freq", {5000000, 5000000, 5000000, 5000000, 5100000, 5100000, 5100000, 5100000,
                                            5000000, 5000000, 5000000, 5000000, 5000000, 5000000, 5000000, 5000000,
                                            3800000, 3800000, 3800000, 3800000, 3800000, 3800000, 3800000, 3800000});
  EXPECT_EQ(count(0, 23), 8);
  EXPECT_EQ(count(16, 23), 8) << "where a process is kept to the efficient ones";
  EXPECT_EQ(count(0, 15), 8);
}

TEST_F(HardwareThreads, OfAHybridDesktopAreListedInParts) {
  describe("cpu_core/cpus", "0,3-4");
  EXPECT_EQ(count(0, 5), 3);
  for (const char* wrong : {"", "nonsense", ",", "-"}) {
    describe("cpu_core/cpus", wrong);
    EXPECT_EQ(count(0, 5), 6) << wrong;
  }
}

TEST_F(HardwareThreads, OfADesktopWithoutKindsAreItsCores) {
  describe_pairs(0, 15);
  describe_all("cpufreq/cpuinfo_max_freq", {5700000, 5700000, 5650000, 5650000, 5500000, 5500000, 5450000, 5450000,
                                            5400000, 5400000, 5350000, 5350000, 5300000, 5300000, 5250000, 5250000});
  EXPECT_EQ(count(0, 15), 8);
}

#elif defined(_WIN32)

// A core of one thread, the i-th of its group.
void add_core(std::vector<std::byte>& records, int i, int efficiency_class) {
  SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX record = {};
  record.Relationship = RelationProcessorCore;
  record.Size = sizeof record;
  record.Processor.EfficiencyClass = static_cast<BYTE>(efficiency_class);
  record.Processor.GroupCount = 1;
  record.Processor.GroupMask[0].Mask = KAFFINITY{1} << i;
  records.resize(records.size() + sizeof record);
  std::memcpy(records.data() + records.size() - sizeof record, &record, sizeof record);
}

TEST(HardwareThreads, AreToldApartByTheirEfficiencyClass) {
  std::vector<std::byte> records;
  EXPECT_EQ(worthwhile_cores(hardware_threads(records, 0)), 0);
  for (int i = 0; i < 8; ++i) add_core(records, i, 0);
  EXPECT_EQ(worthwhile_cores(hardware_threads(records, 0)), 8);
  for (int i = 8; i < 12; ++i) add_core(records, i, 1);
  EXPECT_EQ(worthwhile_cores(hardware_threads(records, 0)), 4);
  EXPECT_EQ(worthwhile_cores(hardware_threads(records, 0x7ff)), 3);
  EXPECT_EQ(worthwhile_cores(hardware_threads(records, 0x0ff)), 8);
}

#endif

}  // namespace
}  // namespace mobilediffusion::kernels
