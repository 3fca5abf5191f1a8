// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The public face on a small whole model.
#include "mobilediffusion/pipeline.h"

#include <gtest/gtest.h>
#include <pthreadpool.h>

#if !defined(_WIN32)
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/sampling/noise.h"
#include "src/stages.h"
#include "tests/slowdown.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

class PipelineTest : public testing::Test {
 protected:
  Pipeline load(int threads = 1) const {
    auto pipeline = Pipeline::load(model_.path(), {.threads = threads});
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  static std::vector<uint8_t> pixels(Pipeline& pipeline, const std::string& prompt,
                                     const GenerateOptions& options = {}) {
    const auto image = pipeline.generate(prompt, options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? image->pixels : std::vector<uint8_t>();
  }

  static void expect_refused(Pipeline& pipeline, const GenerateOptions& options, const std::string& saying) {
    const auto image = pipeline.generate("a boat", options);
    ASSERT_FALSE(image.ok()) << saying;
    EXPECT_EQ(image.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(image.status().message().find(saying), std::string::npos) << image.status().message();
  }

  const SmallModel model_;
};

TEST_F(PipelineTest, DrawsTheSizeItWasMadeFor) {
  Pipeline pipeline = load();
  EXPECT_EQ(pipeline.default_width(), 128);
  EXPECT_EQ(pipeline.size_multiple(), 32);
  EXPECT_EQ(pipeline.model_name(), "base");
  EXPECT_GT(pipeline.load_seconds(), 0);
  const auto image = pipeline.generate("a boat", {.seed = 7});
  ASSERT_TRUE(image.ok()) << image.status().message();
  EXPECT_EQ(image->width, 128);
  EXPECT_EQ(image->height, 128);
  EXPECT_EQ(image->pixels.size(), 128u * 128u * 3u);
  EXPECT_EQ(image->provenance.prompt, "a boat");
  EXPECT_EQ(image->provenance.model, "base");
  EXPECT_EQ(image->provenance.seed, 7u);
  EXPECT_EQ(image->provenance.steps, 1);
  EXPECT_FALSE(image->prompt_truncated);
  EXPECT_EQ(image->prompt_tokens, 5);  // a byte each, the space apart
  EXPECT_GT(image->timings.text, 0);
  EXPECT_GT(image->timings.unet, 0);
  EXPECT_GT(image->timings.decoder, 0);
  EXPECT_GE(image->timings.total, image->timings.text + image->timings.unet + image->timings.decoder);
}

TEST_F(PipelineTest, TheSameSeedGivesTheSamePictureWhateverTheThreads) {
  std::optional<std::vector<uint8_t>> first;
  for (const int threads : {1, 2, 3}) {
    Pipeline pipeline = load(threads);
    for (int again = 0; again < 2; ++again) {
      const auto picture = pixels(pipeline, "a boat", {.seed = 3, .width = 96, .height = 64});
      if (!first) first = picture;
      EXPECT_EQ(picture, *first) << threads << " threads";
    }
  }
}

// In half or in 8 bits a picture differs from the float32 one, but not so that one would see it.
TEST_F(PipelineTest, LowPrecisionsStayNearFloat32) {
  Pipeline exact = load();
  const std::vector<uint8_t> expected = pixels(exact, "a boat", {.seed = 3});
  for (const auto& [precision, decibels] : {std::pair(Precision::kFloat16, 45.0), std::pair(Precision::kInt8, 32.0)}) {
    std::optional<std::vector<uint8_t>> first;
    for (const int threads : {1, 2, 3}) {
      std::vector<std::string> notes;
      auto pipeline = Pipeline::load(
          model_.path(), {.threads = threads, .precision = precision, .log = [&](LogLevel, std::string_view note) {
                            notes.emplace_back(note);
                          }});
      ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
      const std::vector<uint8_t> picture = pixels(*pipeline, "a boat", {.seed = 3});
      ASSERT_EQ(picture.size(), expected.size());
      if (!first) first = picture;
      EXPECT_EQ(picture, *first) << threads << " threads";
      double squares = 0;
      for (size_t i = 0; i < picture.size(); ++i) squares += std::pow(picture[i] - expected[i], 2);
      if (!notes.empty()) continue;  // this processor has no float16, and said so
      EXPECT_GT(squares, 0) << "the option did nothing";
      EXPECT_GE(10 * std::log10(255.0 * 255.0 * static_cast<double>(picture.size()) / squares), decibels);
    }
  }
}

TEST_F(PipelineTest, UnknownPrecisionsAreRefused) {
  const auto pipeline = Pipeline::load(model_.path(), {.precision = static_cast<Precision>(77)});
  ASSERT_FALSE(pipeline.ok());
  EXPECT_EQ(pipeline.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(pipeline.status().message().find("77"), std::string::npos);
}

TEST_F(PipelineTest, PromptSeedAndStepsMatter) {
  Pipeline pipeline = load();
  std::vector<std::vector<uint8_t>> pictures;
  const auto draw = [&](const std::string& prompt, const GenerateOptions& options) {
    pictures.push_back(pixels(pipeline, prompt, options));
  };
  draw("a boat", {});
  draw("a house", {});
  draw("a boat", {.seed = 1});
  draw("a boat", {.steps = 2});
  draw("a boat", {.guidance = 3.0f});
  draw("a boat", {.guidance = 3.0f, .negative_prompt = "a house"});
  for (size_t i = 0; i < pictures.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(pictures[i], pictures[j]) << i << " " << j;
  }
}

TEST_F(PipelineTest, TwoSideBySide) {
  Pipeline one = load(), other = load(2);
  const auto expected = pixels(one, "a boat", {.seed = 5});
  std::vector<uint8_t> from_one, from_other;
  std::thread thread([&] { from_other = pixels(other, "a boat", {.seed = 5}); });
  from_one = pixels(one, "a boat", {.seed = 5});
  thread.join();
  EXPECT_EQ(from_one, expected);
  EXPECT_EQ(from_other, expected);
}

// Calls from several threads on one pipeline wait for one another.
TEST_F(PipelineTest, OnePipelineServesSeveralThreadsInTurn) {
  Pipeline pipeline = load(2);
  const auto expected = pixels(pipeline, "a boat");
  std::vector<std::vector<uint8_t>> answers(3);
  std::vector<std::thread> threads;
  for (auto& answer : answers) threads.emplace_back([&] { answer = pixels(pipeline, "a boat"); });
  for (auto& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, expected);
}

#if !defined(_WIN32)  // which has no fork()
// A child of fork() has none of the threads that the pipeline made: it draws on its own, and ends without them.
TEST_F(PipelineTest, AChildProcessDrawsTheSamePictureOnOneThread) {
  std::optional<Pipeline> pipeline = load(2);
  const auto expected = pixels(*pipeline, "a boat");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::alarm(60 * kSlowdown);  // a hang ends the child, not the test
    const auto image = pipeline->generate("a boat");
    const bool same = image.ok() && image->pixels == expected;
    pipeline.reset();
    const bool again = Pipeline::load(model_.path(), {.threads = 2}).ok();
    ::_exit(same && again ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(pixels(*pipeline, "a boat"), expected);
}
#endif

TEST_F(PipelineTest, AMovedPipelineGoesOn) {
  Pipeline first = load();
  const auto expected = pixels(first, "a boat");
  Pipeline second = std::move(first);
  EXPECT_EQ(pixels(second, "a boat"), expected);
  first = std::move(second);
  EXPECT_EQ(pixels(first, "a boat"), expected);
}

TEST_F(PipelineTest, OneThatWasMovedFromSaysSo) {
  Pipeline first = load();
  const Pipeline second = std::move(first);
  const auto image = first.generate("a boat");  // NOLINT: that is the point
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.status().code(), StatusCode::kInvalidState);
  EXPECT_NE(image.status().message().find("moved from"), std::string::npos);
  first.cancel();
  EXPECT_EQ(first.default_width(), 0);
  EXPECT_EQ(first.default_height(), 0);
  EXPECT_EQ(first.size_multiple(), 0);
  EXPECT_EQ(first.model_name(), "");
  EXPECT_EQ(first.load_seconds(), 0);
}

TEST_F(PipelineTest, ProgressCountsToItsTotal) {
  Pipeline pipeline = load();
  for (const int steps : {1, 3}) {
    for (const float guidance : {1.0f, 2.0f}) {
      std::map<Stage, std::pair<int, int>> last;
      bool in_order = true;
      GenerateOptions options{.steps = steps, .guidance = guidance};
      options.progress = [&](Stage stage, int done, int total) {
        in_order = in_order && done == last[stage].first + 1 && done <= total &&
                   (last.empty() || stage == last.rbegin()->first);
        last[stage] = {done, total};
        return true;
      };
      ASSERT_TRUE(pipeline.generate("a boat", options).ok());
      EXPECT_TRUE(in_order);
      EXPECT_EQ(last.size(), 3u);
      for (const auto& [stage, counts] : last) EXPECT_EQ(counts.first, counts.second);
    }
  }
}

TEST_F(PipelineTest, FalseFromProgressCancelsAndTheNextCallWorks) {
  Pipeline pipeline = load();
  const auto expected = pixels(pipeline, "a boat");
  for (const Stage when : {Stage::kText, Stage::kUNet, Stage::kDecoder}) {
    GenerateOptions options;
    options.progress = [&](Stage stage, int, int) { return stage != when; };
    EXPECT_EQ(pipeline.generate("a boat", options).status().code(), StatusCode::kCancelled);
    EXPECT_EQ(pixels(pipeline, "a boat"), expected);
  }
}

TEST_F(PipelineTest, CancelFromAnotherThread) {
  Pipeline pipeline = load();
  const auto expected = pixels(pipeline, "a boat");
  pipeline.cancel();  // nothing runs: nothing happens
  EXPECT_EQ(pixels(pipeline, "a boat"), expected);

  std::atomic<bool> started = false;
  std::thread canceller([&] {
    while (!started) std::this_thread::yield();
    pipeline.cancel();
  });
  GenerateOptions options{.steps = 1000};
  options.progress = [&](Stage, int, int) { return started = true; };
  const auto image = pipeline.generate("a boat", options);
  canceller.join();
  EXPECT_EQ(image.status().code(), StatusCode::kCancelled);
  EXPECT_EQ(pixels(pipeline, "a boat"), expected);
}

TEST_F(PipelineTest, TheCallersNoise) {
  Pipeline pipeline = load();
  std::vector<float> noise(8 * 16 * 16);
  fill_normal(11, 0, 0, noise);
  EXPECT_EQ(pixels(pipeline, "a boat", {.seed = 4, .initial_noise = noise}), pixels(pipeline, "a boat", {.seed = 11}));
  noise.pop_back();
  expect_refused(pipeline, {.initial_noise = noise}, "must have 2048 values");
}

TEST_F(PipelineTest, ANanIsAnErrorThatNamesTheStage) {
  Pipeline pipeline = load();
  for (const float poison : {NAN, INFINITY}) {
    std::vector<float> noise(8 * 16 * 16, 0.5f);
    noise[77] = poison;
    const auto image = pipeline.generate("a boat", {.initial_noise = noise});
    EXPECT_EQ(image.status().code(), StatusCode::kNonFinite);
    EXPECT_NE(image.status().message().find("unet"), std::string::npos) << image.status().message();
  }
  EXPECT_TRUE(pipeline.generate("a boat").ok());
}

TEST_F(PipelineTest, TheCallersBuffer) {
  Pipeline pipeline = load();
  const auto rgb = pixels(pipeline, "a boat"), rgba = pixels(pipeline, "a boat", {.format = PixelFormat::kRgba});
  ASSERT_EQ(rgba.size(), 128u * 128u * 4u);
  for (size_t i = 0; i < 128 * 128; ++i) {
    for (size_t c = 0; c < 3; ++c) ASSERT_EQ(rgba[4 * i + c], rgb[3 * i + c]);
    ASSERT_EQ(rgba[4 * i + 3], 255);
  }
  std::vector<uint8_t> buffer(rgb.size() + 1, 99);
  const auto image = pipeline.generate("a boat", {.output = buffer.data(), .output_bytes = rgb.size()});
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->pixels.empty());
  EXPECT_EQ(buffer.back(), 99);
  buffer.pop_back();
  EXPECT_EQ(buffer, rgb);
  expect_refused(pipeline, {.output = buffer.data(), .output_bytes = rgb.size() - 1},
                 "output_bytes must be at least 49152, not 49151");
}

TEST_F(PipelineTest, TheCallersBufferWithAlpha) {
  Pipeline pipeline = load();
  const GenerateOptions plain{.width = 32, .height = 64, .format = PixelFormat::kRgba};
  const auto expected = pixels(pipeline, "a boat", plain);
  ASSERT_EQ(expected.size(), 32u * 64u * 4u);
  std::vector<uint8_t> buffer(expected.size() + 1, 99);
  GenerateOptions options = plain;
  options.output = buffer.data();
  for (const size_t bytes : {size_t{0}, size_t{32 * 64 * 3}, expected.size() - 1}) {
    options.output_bytes = bytes;
    expect_refused(pipeline, options, "output_bytes must be at least 8192, not " + std::to_string(bytes));
  }
  EXPECT_EQ(buffer, std::vector<uint8_t>(expected.size() + 1, 99));  // an error writes nothing
  for (const size_t bytes : {expected.size(), ~size_t{0}}) {
    std::fill(buffer.begin(), buffer.end(), uint8_t{99});
    options.output_bytes = bytes;
    const auto image = pipeline.generate("a boat", options);
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_TRUE(image->pixels.empty());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), buffer.begin()));
    EXPECT_EQ(buffer.back(), 99);
    EXPECT_EQ(image->encode_png().status().code(), StatusCode::kInvalidArgument);
  }
  // without a buffer its size says nothing
  options.output = nullptr;
  options.output_bytes = 1;
  EXPECT_EQ(pixels(pipeline, "a boat", options), expected);
}

TEST_F(PipelineTest, SizesThatAreNotSquare) {
  Pipeline pipeline = load();
  std::vector<std::vector<uint8_t>> pictures;
  for (const auto& [width, height] : {std::pair{32, 32}, std::pair{32, 160}, std::pair{160, 32}, std::pair{96, 128}}) {
    const auto image = pipeline.generate("a boat", {.width = width, .height = height});
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_EQ(image->width, width);
    EXPECT_EQ(image->height, height);
    EXPECT_EQ(image->pixels.size(), static_cast<size_t>(width * height * 3));
    pictures.push_back(image->pixels);
  }
  EXPECT_NE(pictures[1], pictures[2]);
  // one side given: the other is the model's
  const auto wide = pipeline.generate("a boat", {.width = 64});
  ASSERT_TRUE(wide.ok());
  EXPECT_EQ(wide->width, 64);
  EXPECT_EQ(wide->height, 128);
}

// The pool stays the caller's: it works before, between and after, and two pipelines may share it in turn.
TEST_F(PipelineTest, DrawsOnTheCallersThreads) {
  Pipeline own = load();
  const std::vector<uint8_t> truth = pixels(own, "a boat");
  pthreadpool* const pool = pthreadpool_create(3);
  {
    auto first = Pipeline::load(model_.path(), {.threads = 1, .thread_pool = pool});
    auto second = Pipeline::load(model_.path(), {.thread_pool = pool});
    ASSERT_TRUE(first.ok() && second.ok());
    for (Pipeline* pipeline : {&*first, &*second, &*first}) EXPECT_EQ(pixels(*pipeline, "a boat"), truth);
  }
  std::atomic<int> done = 0;
  pthreadpool_parallelize_1d(
      pool, [](void* count, size_t) { ++*static_cast<std::atomic<int>*>(count); }, &done, 100, 0);
  EXPECT_EQ(done, 100);
  pthreadpool_destroy(pool);
}

// Three threads that kept watching for work would burn most of a second in this time.
TEST_F(PipelineTest, BurnsNoTimeBetweenPictures) {
  Pipeline pipeline = load(4);
  pixels(pipeline, "a boat");
  const auto used = [] {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double before = used();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(used() - before, 0.05);
}

// What a caller's function throws does not get through.
TEST_F(PipelineTest, AProgressCallbackThatThrowsIsAnError) {
  Pipeline pipeline = load();
  GenerateOptions options;
  options.progress = [](Stage, int, int) -> bool { throw std::runtime_error("the caller's own"); };
  const auto image = pipeline.generate("a boat", options);
  EXPECT_EQ(image.status().code(), StatusCode::kInternal);
  EXPECT_NE(image.status().message().find("the caller's own"), std::string::npos) << image.status().message();
  EXPECT_TRUE(pipeline.generate("a boat").ok());
}

TEST_F(PipelineTest, AbsurdOptionsAreNamed) {
  Pipeline pipeline = load();
  expect_refused(pipeline, {.width = 100}, "width must be a multiple of 32");
  expect_refused(pipeline, {.height = -32}, "not -32");
  expect_refused(pipeline, {.width = 1 << 30}, "width");
  expect_refused(pipeline, {.width = 32768, .height = 32768}, "too large");
  expect_refused(pipeline, {.steps = -1}, "steps");
  expect_refused(pipeline, {.steps = 1001}, "steps");
  expect_refused(pipeline, {.guidance = -1.0f}, "guidance");
  expect_refused(pipeline, {.guidance = NAN}, "guidance");
  expect_refused(pipeline, {.sampler = "heun"}, "heun");
  for (const int threads : {-1, 100000}) {
    EXPECT_EQ(Pipeline::load(model_.path(), {.threads = threads}).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_F(PipelineTest, PromptsOfEveryKind) {
  std::vector<std::string> notes;
  LoadOptions options{.threads = 1};
  options.log = [&](LogLevel, std::string_view message) { notes.emplace_back(message); };
  auto pipeline = Pipeline::load(model_.path(), options);
  ASSERT_TRUE(pipeline.ok());
  for (const std::string& prompt :
       {std::string(), std::string("\0a\0", 3), std::string("日本の船 \U0001F6A4 e\u0301")}) {
    const auto image = pipeline->generate(prompt);
    ASSERT_TRUE(image.ok()) << image.status().message();
    EXPECT_FALSE(image->prompt_truncated);
    EXPECT_EQ(image->provenance.prompt, prompt);
  }
  EXPECT_TRUE(notes.empty());

  std::string words;
  for (int i = 0; i < 10000; ++i) words += "boat ";
  const auto image = pipeline->generate(words);
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->prompt_truncated);
  EXPECT_EQ(image->prompt_tokens, 40000);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("40000 tokens; the first 75"), std::string::npos) << notes[0];

  const auto wrong = pipeline->generate("a boat\xff");
  EXPECT_EQ(wrong.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(wrong.status().message().find("byte 6"), std::string::npos) << wrong.status().message();
  EXPECT_EQ(pipeline->generate("a", {.guidance = 2.0f, .negative_prompt = "\xc3"}).status().code(),
            StatusCode::kInvalidArgument);
}

#if !defined(_WIN32)  // where a process sets no limit to its own address space
// What this process may take from here on.
void leave_memory(size_t mebibytes) {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const size_t now = pages * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const rlimit limit{now + (mebibytes << 20), now + (mebibytes << 20)};
  setrlimit(RLIMIT_AS, &limit);
}

// Why no test can run short of memory here; empty: it can.
std::string why_never_short_of_memory() {
#if defined(MOBILEDIFFUSION_SANITIZED)
  return "a sanitizer needs address space of its own";
#endif
  const pid_t child = ::fork();
  if (child == 0) {
    leave_memory(0);
    std::_Exit(::mmap(nullptr, size_t{64} << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? 0 : 1);
  }
  int status = 0;
  const bool limited = ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return limited ? "" : "the limit of address space is not kept to (qemu-user does not)";
}
#endif

TEST_F(PipelineTest, NotesWhatThePictureIsNot) {
  std::vector<std::string> notes;
  auto pipeline = Pipeline::load(model_.path(), {.threads = 1, .log = [&](LogLevel level, std::string_view message) {
                                                   EXPECT_EQ(level, LogLevel::kWarning);
                                                   notes.emplace_back(message);
                                                 }});
  ASSERT_TRUE(pipeline.ok());
  const auto notes_on = [&](const std::string& prompt, const GenerateOptions& options) {
    notes.clear();
    EXPECT_TRUE(pipeline->generate(prompt, options).ok());
    return notes.size();
  };
  EXPECT_EQ(notes_on("a boat", {}), 0u);
  EXPECT_EQ(notes_on("a boat", {.width = 128, .height = 128, .guidance = 0.0f}), 0u);
  EXPECT_EQ(notes_on("a (red:1.3) boat", {.width = 64, .height = 96, .guidance = 2.0f, .negative_prompt = "(fog)2"}),
            4u);
  EXPECT_EQ(notes_on("a boat", {.negative_prompt = "fog"}), 1u);
}

#if !defined(_WIN32)
// In a process that may not have more memory, a large picture is an error, and a small one still works.
TEST_F(PipelineTest, OutOfMemoryIsAStatus) {
  if (const std::string reason = why_never_short_of_memory(); !reason.empty()) GTEST_SKIP() << reason;
  Pipeline pipeline = load(1);
  const auto child = [&] {
    leave_memory(64);
    const auto image = pipeline.generate("a boat", {.width = 1024, .height = 1024});
    const bool told = image.status().code() == StatusCode::kOutOfMemory;
    const bool goes_on = pipeline.generate("a boat").ok();
    std::fprintf(stderr, "%s\n", image.status().message().c_str());
    std::_Exit(told && goes_on ? 0 : 1);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "out of memory");
}

// However little there is: loading and drawing end with a picture or with "out of memory", and with nothing else.
TEST_F(PipelineTest, EveryShortageOfMemoryIsAStatus) {
  if (const std::string reason = why_never_short_of_memory(); !reason.empty()) GTEST_SKIP() << reason;
  int drawn = 0, refused = 0;
  for (const size_t mebibytes : {0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 32, 48, 256}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::alarm(60 * kSlowdown);  // no waiting for ever
      leave_memory(mebibytes);
      const auto code = [&] {
        auto pipeline = Pipeline::load(model_.path(), {.threads = 1});
        return pipeline.ok() ? pipeline->generate("a boat").status().code() : pipeline.status().code();
      }();
      std::_Exit(code == StatusCode::kOk ? 0 : code == StatusCode::kOutOfMemory ? 1 : 100 + static_cast<int>(code));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << mebibytes << " MiB: ended by signal " << WTERMSIG(status);
    EXPECT_LE(WEXITSTATUS(status), 1) << mebibytes << " MiB";
    drawn += WEXITSTATUS(status) == 0;
    refused += WEXITSTATUS(status) == 1;
  }
  EXPECT_GT(drawn, 0);
  EXPECT_GT(refused, 0);
}
#endif

// An autoencoder whose middle leaves half's range: its file says so, and it is computed in float32 in every precision.
TEST(ForceUpcastTest, TheAutoencoderIsComputedInFloat32) {
  const SmallModel model("diffusers-kl");
  const auto draw = [&](Precision precision, std::string* notes) {
    LoadOptions options{.threads = 1, .precision = precision};
    options.log = [&](LogLevel, std::string_view message) { *notes += std::string(message) + "\n"; };
    auto loaded = Stages::load(*open_model_folder(model.path()), NetworkLoading(options));
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    const kernels::ThreadPool one(1);
    kernels::Arena arena;
    kernels::Context context(one, arena);
    kernels::Tensor latent = context.make({1, 4, 4, 4});
    for (int i = 0; i < 64; ++i) latent.data()[i] = static_cast<float>(i % 7 - 3) / 4;
    const kernels::Tensor picture = loaded->decode(context, latent);
    EXPECT_TRUE(context.ok()) << context.status().message();
    return context.ok() ? std::vector<float>(picture.data(), picture.data() + picture.shape().elements())
                        : std::vector<float>();
  };
  std::string notes;
  const std::vector<float> expected = draw(Precision::kFloat32, &notes);
  EXPECT_EQ(notes.find("force_upcast"), std::string::npos) << notes;
  for (const Precision precision : {Precision::kFloat16, Precision::kInt8}) {
    notes.clear();
    EXPECT_EQ(draw(precision, &notes), expected);
    EXPECT_NE(notes.find("force_upcast"), std::string::npos) << notes;
  }
  model.edit("vae/config.json", "\"force_upcast\": true", "\"force_upcast\": false");
  EXPECT_NE(draw(Precision::kInt8, &notes), expected);
}

}  // namespace
}  // namespace mobilediffusion
