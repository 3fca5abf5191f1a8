// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The arena, the pool and the context that operators run in.
#include "kernels/runtime/context.h"

#include <atomic>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/elementwise/elementwise.h"
#include "tests/kernels/kernel_test.h"

namespace mobilediffusion::kernels {
namespace {

TEST(ArenaTest, BlocksAreAlignedAndDoNotOverlap) {
  Arena arena;
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  for (const size_t bytes : {1, 63, 64, 65, 1000, 100000, 20'000'000, 3}) {
    auto* const memory = static_cast<unsigned char*>(arena.allocate(bytes));
    ASSERT_NE(memory, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    std::memset(memory, static_cast<int>(blocks.size() + 1), bytes);
    blocks.emplace_back(memory, bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(blocks[i].first[0], i + 1);
    EXPECT_EQ(blocks[i].first[blocks[i].second - 1], i + 1);
    arena.release(blocks[i].first, blocks[i].second);
  }
  EXPECT_EQ(arena.live_bytes(), 0u);
}

// Whatever the order in which blocks come back, holes join again: the same memory serves a whole-sized block.
TEST(ArenaTest, HolesJoin) {
  const std::vector<std::vector<int>> orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};
  for (const auto& order : orders) {
    Arena arena;
    std::vector<void*> blocks;
    for (int i = 0; i < 4; ++i) blocks.push_back(arena.allocate(1 << 20));
    for (const int i : order) arena.release(blocks[static_cast<size_t>(i)], 1 << 20);
    EXPECT_EQ(arena.allocate(4 << 20), blocks[0]);
    arena.release(blocks[0], 4 << 20);
  }
}

TEST(ArenaTest, MeasuringGivesNoMemoryAndTheSamePeak) {
  const auto drive = [](Arena& arena) {
    void* const a = arena.allocate(1000);
    void* const b = arena.allocate(500000);
    arena.release(a, 1000);
    void* const c = arena.allocate(70);
    arena.release(b, 500000);
    arena.release(c, 70);
    return std::pair(arena.peak_bytes(), arena.live_bytes());
  };
  Arena memory, measure(Arena::Mode::kMeasure);
  EXPECT_EQ(drive(memory), drive(measure));
  EXPECT_EQ(measure.allocate(10), nullptr);
}

// After one pass in several slabs, those like it run in one, and in the same place.
TEST(ArenaTest, SettlesToTheMemoryOfOnePass) {
  Arena arena;
  const auto pass = [&] {
    void* const first = arena.allocate(20 << 20);
    void* const second = arena.allocate(30 << 20);
    arena.release(first, 20 << 20);
    void* const third = arena.allocate(40 << 20);
    arena.release(second, 30 << 20);
    arena.release(third, 40 << 20);
    EXPECT_EQ(arena.peak_bytes() >> 20, 70u);
    arena.settle();
    EXPECT_EQ(arena.peak_bytes(), 0u);
    return std::pair(first, third);
  };
  pass();  // in several slabs; in one, the third would lie behind the second, 90 MB in all
  const auto places = pass();
  EXPECT_EQ(static_cast<std::byte*>(places.second) - static_cast<std::byte*>(places.first), (50 << 20) + 256);
  EXPECT_EQ(pass(), places);
  arena.release(arena.allocate(1), 1);
  arena.settle();  // a pass so small keeps less
  void* const small = arena.allocate(1);
  arena.release(small, 1);
  arena.settle();
  EXPECT_EQ(arena.allocate(1), small);
}

// However wild a pass: the next takes its slab, and those behind it touch the very same places.
TEST(ArenaTest, SettlesBehindOnePassOfAnyOrder) {
  for (const uint32_t seed : {1u, 2u, 3u, 4u, 5u}) {
    Arena arena;
    const auto pass = [&] {
      std::minstd_rand random(seed);
      std::vector<std::pair<void*, size_t>> alive;
      std::vector<void*> places;
      for (int i = 0; i < 300; ++i) {
        const auto which = [&] { return alive.begin() + static_cast<int64_t>(random() % alive.size()); };
        const size_t bytes = 1 + random() % (5 << 20);
        if (alive.size() < 2 || (alive.size() < 12 && random() % 2 == 0)) {
          alive.emplace_back(arena.allocate(bytes), bytes);
          places.push_back(alive.back().first);
        } else if (const auto it = which(); random() % 3 == 0) {
          const size_t kept = 1 + random() % it->second;
          arena.shrink(it->first, it->second, kept);
          it->second = kept;
        } else {
          arena.release(it->first, it->second);
          alive.erase(it);
        }
      }
      for (const auto& [memory, size] : alive) arena.release(memory, size);
      EXPECT_EQ(arena.live_bytes(), 0u);
      arena.settle();
      return places;
    };
    pass();
    const std::vector<void*> places = pass();
    EXPECT_EQ(pass(), places) << seed;
  }
}

TEST(ArenaTest, TooMuchIsNullAndTheArenaGoesOn) {
  Arena arena;
  EXPECT_EQ(arena.allocate(std::numeric_limits<size_t>::max()), nullptr);
  EXPECT_EQ(arena.allocate(size_t{1} << 62), nullptr);
  EXPECT_EQ(arena.live_bytes(), 0u);
  void* const memory = arena.allocate(100);
  EXPECT_NE(memory, nullptr);
  arena.release(memory, 100);
  arena.trim();
}

TEST(ThreadPoolTest, EveryPieceOnceWhateverTheThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    const ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const int64_t count : {0, 1, 7, 64, 1000}) {
      for (const int64_t grain : {1, 3, 64, 5000}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
        pool.parallel_for(count, grain, [&](int64_t begin, int64_t end) {
          EXPECT_EQ(begin % grain, 0);
          EXPECT_LE(end, begin + grain);
          for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
        });
        for (const auto& times : seen) EXPECT_EQ(times, 1);
      }
    }
  }
}

TEST(ContextTest, TheFirstFailureStaysAndNothingRunsAfterIt) {
  Bed bed(1);
  Tensor x = bed.tensor(random_array({1, 1, 1, 8}, 1));
  const float before = x.data()[0];
  bed.context.fail(Status(StatusCode::kNonFinite, "first"));
  bed.context.fail(Status(StatusCode::kInternal, "second"));
  activate(bed.context, "activation", Activation::kSilu, x);
  EXPECT_EQ(x.data()[0], before);
  EXPECT_EQ(bed.context.make({1, 1, 1, 8}).data(), nullptr);
  EXPECT_EQ(gated(bed.context, "gate", Activation::kSilu, x).data(), nullptr);
  EXPECT_EQ(bed.context.status().message(), "first");
}

TEST(ContextTest, CancelsBetweenOperators) {
  Bed bed(1);
  std::atomic<bool> cancelled = false;
  bed.context.set_cancel_flag(CancelFlag(&cancelled));
  Tensor x = bed.tensor(random_array({1, 1, 1, 8}, 1));
  activate(bed.context, "activation", Activation::kSilu, x);
  EXPECT_TRUE(bed.context.ok());
  cancelled = true;
  activate(bed.context, "activation", Activation::kSilu, x);
  EXPECT_EQ(bed.context.status().code(), StatusCode::kCancelled);
}

TEST(ContextTest, OutOfMemoryIsAStatus) {
  Bed bed(1);
  const Tensor x = bed.context.make({1 << 20, 1 << 10, 1 << 10, 1 << 8});
  EXPECT_EQ(x.data(), nullptr);
  EXPECT_EQ(bed.context.status().code(), StatusCode::kOutOfMemory);
}

TEST(ContextTest, ATensorGivesItsMemoryBackOnce) {
  Bed bed(1);
  {
    Tensor a = bed.context.make({1, 2, 3, 4});
    Tensor b = std::move(a);
    a = bed.context.make({1, 1, 1, 5});
    b = std::move(a);
    Tensor c = std::move(b).as({1, 5, 1, 1});
    EXPECT_EQ(c.shape(), (Shape{1, 5, 1, 1}));
    c.reset();
    c.reset();
  }
  EXPECT_EQ(bed.arena.live_bytes(), 0u);
  EXPECT_GT(bed.arena.peak_bytes(), 0u);
}

TEST(ContextTest, TracesWhatRan) {
  Bed bed(1);
  Trace trace;
  bed.context.set_trace(&trace);
  Tensor x = bed.tensor(random_array({1, 8, 8, 8}, 1));
  activate(bed.context, "unet.act", Activation::kSilu, x);
  concatenate(bed.context, "unet.skip", x, x);
  ASSERT_EQ(trace.size(), 2u);
  EXPECT_EQ(trace[0].name, "unet.act");
  EXPECT_EQ(trace[1].kind, "concatenate");
  EXPECT_GT(trace[1].seconds, 0);
}

}  // namespace
}  // namespace mobilediffusion::kernels
