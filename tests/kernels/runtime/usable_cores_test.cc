// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// This machine as a made-up system describes it.
#if defined(__linux__)
#include "kernels/runtime/usable_cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace mobilediffusion::kernels {
namespace {

class UsableCores : public testing::Test {
 protected:
  UsableCores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) allowed_.push_back(core);
    }
  }

  void describe(int core, const std::string& leaf, const std::string& text) const {
    const std::string path = "sys/devices/system/cpu/cpu" + std::to_string(core) + "/" + leaf;
    std::filesystem::create_directories(std::filesystem::path(root_.path(path)).parent_path());
    root_.write(path, text);
  }

  void limit(const std::string& text) const {
    std::filesystem::create_directories(root_.path("sys/fs/cgroup"));
    root_.write("sys/fs/cgroup/cpu.max", text);
  }

  int count() const { return usable_cores(root_.path()); }
  int all() const { return static_cast<int>(allowed_.size()); }

  std::vector<int> allowed_;
  const TemporaryFolder root_;
};

TEST_F(UsableCores, AreAllThatAreAllowedWhereNothingElseIsKnown) {
  EXPECT_EQ(count(), all());
  EXPECT_GE(usable_cores(), 1);
  EXPECT_LE(usable_cores(), all());
}

TEST_F(UsableCores, LeaveOutTheSecondThreadOfACore) {
  for (const int core : allowed_) describe(core, "topology/thread_siblings_list", "0-255\n");
  EXPECT_EQ(count(), 1);
}

TEST_F(UsableCores, LeaveOutSmallCores) {
  if (all() < 2) GTEST_SKIP() << "one core is never small";
  for (const int core : allowed_) describe(core, "cpu_capacity", core == allowed_[0] ? "1024\n" : "511\n");
  EXPECT_EQ(count(), 1);
  describe(allowed_[1], "cpu_capacity", "512\n");
  EXPECT_EQ(count(), 2);
}

TEST_F(UsableCores, AreToldApartByTheirClocksToo) {
  if (all() < 2) GTEST_SKIP() << "one core is never small";
  for (const int core : allowed_)
    describe(core, "cpufreq/cpuinfo_max_freq", core == allowed_[0] ? "2800000\n" : "1300000\n");
  EXPECT_EQ(count(), 1);
}

TEST_F(UsableCores, StayWithinAContainersQuota) {
  limit("50000 100000\n");
  EXPECT_EQ(count(), 1);
  limit("max 100000\n");
  EXPECT_EQ(count(), all());
  limit("99900000 100000\n");
  EXPECT_EQ(count(), all());
  for (const char* wrong : {"", "-1 100000", "100000 0", "nonsense"}) {
    limit(wrong);
    EXPECT_EQ(count(), all()) << wrong;
  }
}

}  // namespace
}  // namespace mobilediffusion::kernels
#endif
