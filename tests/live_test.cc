// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/live.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/process_memory.h"
#include "tests/slowdown.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

// What a session calls back with, for any thread to look at.
class Gallery {
 public:
  void add(LivePicture picture) {
    const std::lock_guard<std::mutex> lock(mutex_);
    pictures_.push_back(std::move(picture));
  }
  std::vector<LivePicture> pictures() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return pictures_;
  }
  std::vector<std::string> prompts() const {
    std::vector<std::string> prompts;
    for (const LivePicture& picture : pictures()) prompts.push_back(picture.prompt);
    return prompts;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LivePicture> pictures_;
};

class LiveTest : public testing::Test {
 protected:
  LiveTest() : pipeline_(load()) {}

  Pipeline load() const {
    auto pipeline = Pipeline::load(model_.path(), {.threads = 1});
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  LiveSession start(GenerateOptions how = {}) {
    auto session = LiveSession::start(
        pipeline_, {.generate = std::move(how), .on_picture = [this](LivePicture picture) { gallery_.add(picture); }});
    EXPECT_TRUE(session.ok()) << session.status().message();
    return std::move(*session);
  }

  const SmallModel model_;
  Pipeline pipeline_;
  Gallery gallery_;
};

TEST_F(LiveTest, DrawsWhatGenerateDraws) {
  LiveSession session = start({.seed = 5});
  ASSERT_TRUE(session.submit("a boat").ok());
  session.finish();
  ASSERT_TRUE(session.submit("a boat", 6).ok());
  session.finish();
  const std::vector<LivePicture> pictures = gallery_.pictures();
  ASSERT_EQ(pictures.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(pictures[i].seed, 5 + i);
    EXPECT_GT(pictures[i].seconds, 0);
    ASSERT_TRUE(pictures[i].image.ok()) << pictures[i].image.status().message();
    const auto expected = pipeline_.generate("a boat", {.seed = 5 + i});
    ASSERT_TRUE(expected.ok());
    EXPECT_EQ(pictures[i].image->pixels, expected->pixels);
  }
}

TEST_F(LiveTest, UnchangedPromptDrawsNothing) {
  LiveSession session = start();
  for (const char* prompt : {"a", "a", "a boat", "a boat"}) {
    ASSERT_TRUE(session.submit(prompt).ok());
    session.finish();
  }
  EXPECT_EQ(gallery_.prompts(), (std::vector<std::string>{"a", "a boat"}));
}

// The first is drawn until the others are there; of these, one waited.
TEST_F(LiveTest, NewestPromptWins) {
  std::atomic<bool> drawing = false, go_on = false;
  GenerateOptions how{.steps = 20};
  how.progress = [&](Stage, int, int) {
    drawing = true;
    while (!go_on) std::this_thread::yield();
    return true;
  };
  LiveSession session = start(how);
  ASSERT_TRUE(session.submit("one").ok());
  while (!drawing) std::this_thread::yield();
  for (const char* prompt : {"two", "three", "four"}) ASSERT_TRUE(session.submit(prompt).ok());
  go_on = true;
  session.finish();
  EXPECT_EQ(gallery_.prompts(), std::vector<std::string>{"four"});
}

TEST_F(LiveTest, TellsWhatIsWrongWithAPromptAndGoesOn) {
  LiveSession session = start();
  for (const char* prompt : {"\xff", "\xff", "a boat"}) {
    ASSERT_TRUE(session.submit(prompt).ok());
    session.finish();
  }
  const std::vector<LivePicture> pictures = gallery_.pictures();
  ASSERT_EQ(pictures.size(), 3u);
  EXPECT_EQ(pictures[0].image.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(pictures[1].image.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(pictures[2].image.ok());
}

TEST_F(LiveTest, RefusesWhatItCannotDo) {
  const auto refused = [&](LiveOptions options, Pipeline& pipeline) {
    return LiveSession::start(pipeline, std::move(options)).status().code();
  };
  const auto ignore = [](const LivePicture&) {};
  uint8_t pixel = 0;
  const std::atomic<bool> flag = false;
  EXPECT_EQ(refused({}, pipeline_), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.generate = {.output = &pixel}, .on_picture = ignore}, pipeline_), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({.generate = {.cancelled = &flag}, .on_picture = ignore}, pipeline_), StatusCode::kInvalidArgument);
  Pipeline moved = load();
  const Pipeline taker = std::move(moved);
  EXPECT_EQ(refused({.on_picture = ignore}, moved), StatusCode::kInvalidState);

  LiveSession session = start();
  LiveSession other = std::move(session);
  EXPECT_EQ(session.submit("a boat").code(), StatusCode::kInvalidState);
  session.finish();
  EXPECT_TRUE(other.submit("a boat").ok());
  other.finish();
  EXPECT_EQ(gallery_.prompts(), std::vector<std::string>{"a boat"});
}

TEST_F(LiveTest, LeavesOthersOfThePipelineAlone) {
  LiveSession session = start();
  std::atomic<bool> ends = false;
  std::thread typist([&] {
    for (int i = 0; !ends; ++i) EXPECT_TRUE(session.submit("boat " + std::to_string(i)).ok());
  });
  for (int i = 0; i < repetitions(20); ++i) {
    const auto image = pipeline_.generate("a house");
    EXPECT_TRUE(image.ok()) << image.status().message();
  }
  ends = true;
  typist.join();
}

// At random moments from four threads, sessions ended while they draw: the last prompt's picture comes, and nothing
// behind it.
TEST_F(LiveTest, TenThousandPrompts) {
  constexpr int kSessions = repetitions(50), kThreads = 4, kEach = 50;
  for (int i = 0; i < kSessions; ++i) {
    std::atomic<bool> ended = false;
    std::mutex mutex;
    std::string last;
    {
      auto session = LiveSession::start(pipeline_, {.on_picture = [&](const LivePicture& picture) {
                                          EXPECT_FALSE(ended);
                                          EXPECT_TRUE(picture.image.ok()) << picture.image.status().message();
                                          const std::lock_guard<std::mutex> lock(mutex);
                                          last = picture.prompt;
                                        }});
      ASSERT_TRUE(session.ok());
      std::vector<std::thread> typists;
      for (int j = 0; j < kThreads; ++j) {
        typists.emplace_back([&, j] {
          std::minstd_rand random(static_cast<unsigned>(i * kThreads + j + 1));
          for (int k = 0; k < kEach; ++k) {
            EXPECT_TRUE(session->submit("boat " + std::to_string(random() % 9)).ok());
            if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
          }
        });
      }
      for (std::thread& typist : typists) typist.join();
      ASSERT_TRUE(session->submit("the last").ok());
      if (i % 2 == 0) {
        session->finish();
        const std::lock_guard<std::mutex> lock(mutex);
        EXPECT_EQ(last, "the last");
      }
    }
    ended = true;
  }
}

TEST_F(LiveTest, LeaksNothing) {
  const auto type = [&](int prompts) {
    LiveSession session = start();
    for (int i = 0; i < prompts; ++i) {
      ASSERT_TRUE(session.submit("boat " + std::to_string(i)).ok());
      if (i % 3 == 0) session.finish();
    }
  };
  constexpr int kPrompts = repetitions(100);
  type(kPrompts);
  const int64_t before = resident_bytes();
  for (int i = 0; i < 5; ++i) type(kPrompts);
#if !defined(MOBILEDIFFUSION_SANITIZED)  // which keep some of what is freed, and see leaks
  EXPECT_LT(resident_bytes() - before, int64_t{16} << 20);
#else
  static_cast<void>(before);
#endif
}

TEST_F(LiveTest, RememberedTextDrawsTheSame) {
  const GenerateOptions how{.seed = 4, .remember_text = true};
  const auto first = pipeline_.generate("a boat", how), second = pipeline_.generate("a boat", how);
  pipeline_.trim();
  const auto third = pipeline_.generate("a boat", how), plain = pipeline_.generate("a boat", {.seed = 4});
  ASSERT_TRUE(first.ok() && second.ok() && third.ok() && plain.ok());
  for (const auto* image : {&first, &second, &third}) {
    EXPECT_EQ((*image)->pixels, plain->pixels);
    EXPECT_EQ((*image)->prompt_tokens, plain->prompt_tokens);
  }
}

TEST_F(LiveTest, FlagEndsOneCallAlone) {
  std::atomic<bool> flag = false;
  GenerateOptions how{.steps = 1000, .cancelled = &flag};
  how.progress = [&](Stage, int done, int) {
    if (done == 5) flag = true;
    return true;
  };
  EXPECT_EQ(pipeline_.generate("a boat", how).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(pipeline_.generate("a boat").ok());
}

}  // namespace
}  // namespace mobilediffusion
