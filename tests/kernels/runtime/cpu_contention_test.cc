// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/cpu_contention.h"

#include <gtest/gtest.h>

namespace mobilediffusion::kernels {
namespace {

int64_t clock_ms = 0, switches = 0;

class CpuContentionTest : public testing::Test {
 protected:
  CpuContentionTest() {
    clock_ms = 1000;
    switches = 500;
  }

  // Asks every millisecond for so long, while a thread is preempted every `apart` of them; how often there was contention.
  int ask(int milliseconds, int apart) {
    int contended = 0;
    for (int i = 1; i <= milliseconds; ++i) {
      ++clock_ms;
      if (apart > 0 && i % apart == 0) ++switches;
      contended += contention_.recent();
    }
    return contended;
  }

  CpuContention contention_{{[] { return clock_ms * 1000000; }, [] { return switches; }}};
};

TEST_F(CpuContentionTest, AQuietMachineHasNone) {
  EXPECT_EQ(ask(1000, 0), 0);
  EXPECT_EQ(ask(1000, 100), 0);  // something else runs now and then
  EXPECT_EQ(ask(1000, 30), 0);
}

TEST_F(CpuContentionTest, AProgramThatTakesOurCoresIs) {
  ask(100, 0);
  EXPECT_GT(ask(100, 2), 85);
  EXPECT_EQ(ask(1000, 2), 1000);
}

TEST_F(CpuContentionTest, ItPasses) {
  EXPECT_GT(ask(100, 2), 0);
  ask(450, 0);
  EXPECT_EQ(ask(1000, 0), 0);
}

// What happened while nobody asked, between two pictures, is no reason.
TEST_F(CpuContentionTest, ALongPauseIsNone) {
  ask(100, 0);
  clock_ms += 60000;
  switches += 100;
  EXPECT_EQ(ask(100, 0), 0);
}

TEST_F(CpuContentionTest, TheSystemIsAsked) {
  CpuContention real;
  for (int i = 0; i < 1000; ++i) real.recent();  // no crash, no throw; what it says depends on the machine
}

}  // namespace
}  // namespace mobilediffusion::kernels
