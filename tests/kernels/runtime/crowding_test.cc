// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/crowding.h"

#include <gtest/gtest.h>

namespace mobilediffusion::kernels {
namespace {

int64_t clock_ms = 0, pushed_off = 0;

class CrowdingTest : public testing::Test {
 protected:
  CrowdingTest() {
    clock_ms = 1000;
    pushed_off = 500;
  }

  // Asks every millisecond for so long, while a thread is pushed off every `apart` of them; how often it was crowded.
  int ask(int milliseconds, int apart) {
    int crowded = 0;
    for (int i = 1; i <= milliseconds; ++i) {
      ++clock_ms;
      if (apart > 0 && i % apart == 0) ++pushed_off;
      crowded += crowding_.lately();
    }
    return crowded;
  }

  Crowding crowding_{{[] { return clock_ms * 1000000; }, [] { return pushed_off; }}};
};

TEST_F(CrowdingTest, AQuietMachineIsNotCrowded) {
  EXPECT_EQ(ask(1000, 0), 0);
  EXPECT_EQ(ask(1000, 100), 0);  // something else runs now and then
  EXPECT_EQ(ask(1000, 30), 0);
}

TEST_F(CrowdingTest, OneThatTakesOurCoresIs) {
  ask(100, 0);
  EXPECT_GT(ask(100, 2), 85);
  EXPECT_EQ(ask(1000, 2), 1000);
}

TEST_F(CrowdingTest, ItPasses) {
  EXPECT_GT(ask(100, 2), 0);
  ask(450, 0);
  EXPECT_EQ(ask(1000, 0), 0);
}

// What happened while nobody asked, between two pictures, is no reason.
TEST_F(CrowdingTest, ALongPauseIsNoCrowd) {
  ask(100, 0);
  clock_ms += 60000;
  pushed_off += 100;
  EXPECT_EQ(ask(100, 0), 0);
}

TEST_F(CrowdingTest, TheSystemIsAsked) {
  Crowding real;
  for (int i = 0; i < 1000; ++i) real.lately();  // no crash, no throw; what it says depends on the machine
}

}  // namespace
}  // namespace mobilediffusion::kernels
