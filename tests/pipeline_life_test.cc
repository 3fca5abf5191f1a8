// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A pipeline in an app: destroyed while it draws, asked for its memory, kept in the background, cancelled while it
// loads.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "mobilediffusion/pipeline.h"
#include "src/stages.h"
#include "src/turns.h"
#include "tests/process_memory.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

class PipelineLifeTest : public testing::Test {
 protected:
  Pipeline load(const LoadOptions& options = {.threads = 2}) const {
    auto pipeline = Pipeline::load(model_.path(), options);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  static std::vector<uint8_t> pixels(Pipeline& pipeline, const GenerateOptions& options = {.seed = 3}) {
    const auto image = pipeline.generate("a boat", options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? image->pixels : std::vector<uint8_t>();
  }

  const SmallModel model_;
};

TEST_F(PipelineLifeTest, DestroyedWhileCallsRunAndWait) {
  for (const bool by_moving : {false, true}) {
    std::optional<Pipeline> pipeline = load();
    Pipeline& used = *pipeline;
    std::atomic<int> entered = 0;
    std::atomic<bool> drawing = false;
    std::vector<Status> answers(4);
    std::vector<std::thread> callers;
    for (Status& answer : answers) {
      callers.emplace_back([&] {
        GenerateOptions options{.steps = 1000};
        options.progress = [&](Stage, int, int) { return drawing = true; };
        ++entered;
        answer = used.generate("a boat", options).status();
      });
    }
    while (entered < 4 || !drawing) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // so that the others are inside, and wait
    if (by_moving) {
      *pipeline = load();
      EXPECT_TRUE(used.generate("a boat").ok());
    } else {
      pipeline.reset();
    }
    for (std::thread& caller : callers) caller.join();
    int cancelled = 0;
    for (const Status& answer : answers) {
      cancelled += answer.code() == StatusCode::kCancelled;
      EXPECT_TRUE(answer.code() == StatusCode::kCancelled || answer.code() == StatusCode::kInvalidState)
          << answer.message();
    }
    EXPECT_EQ(cancelled, 1);
  }
}

TEST(TurnsTest, TidiesBetweenTurnsAndEndsWhenAllHaveLeft) {
  int tidied = 0;
  std::optional<Turns> turns(std::in_place, [&] { ++tidied; });
  turns->tidy_up();
  EXPECT_EQ(tidied, 1);
  {
    const Turns::Turn turn(*turns);
    ASSERT_TRUE(turn);
    turns->tidy_up();
    turns->tidy_up();
    EXPECT_EQ(tidied, 1);  // not under whoever runs
    EXPECT_FALSE(turns->cancelled());
    turns->cancel();
    EXPECT_TRUE(turns->cancelled());
  }
  EXPECT_EQ(tidied, 2);  // once for both
  turns->cancel();
  EXPECT_FALSE(turns->cancelled());  // nobody was meant
  turns->close();
  const Turns::Turn late(*turns);
  EXPECT_FALSE(late);
}

#if defined(__linux__) || defined(_WIN32)
TEST_F(PipelineLifeTest, TrimGivesMemoryBack) {
  auto pipeline =
      Pipeline::load(MOBILEDIFFUSION_DEFAULT_MODEL_DIR, {.threads = 2, .precision = Precision::kFloat32});
  ASSERT_TRUE(pipeline.ok()) << pipeline.status().message();
  const std::vector<uint8_t> before = pixels(*pipeline);
  const int64_t used = resident_bytes();
  pipeline->trim();
  // At least half of 11 million values, of which the networks have more, in float32: sanitizers keep some of what is
  // freed.
#if !defined(MOBILEDIFFUSION_SANITIZED)
  EXPECT_LT(resident_bytes(), used - (22 << 20));
#endif
  EXPECT_TRUE(pixels(*pipeline) == before);
}

#endif

#if defined(__linux__)
int own_nice() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid))); }

TEST_F(PipelineLifeTest, InTheBackgroundOnThreadsOfItsOwn) {
  Pipeline usual = load();
  const int before = own_nice();
  for (const int threads : {1, 3}) {
    std::thread::id logged, drawn;
    LoadOptions options{.threads = threads, .priority = Priority::kBackground};
    options.log = [&](LogLevel, std::string_view) { logged = std::this_thread::get_id(); };
    Pipeline pipeline = load(options);
    int nice = 0;
    GenerateOptions wanted{.seed = 3};
    wanted.negative_prompt = "not read without guidance, which is noted";
    wanted.progress = [&](Stage, int, int) {
      drawn = std::this_thread::get_id();
      nice = own_nice();
      return true;
    };
    EXPECT_TRUE(pixels(pipeline, wanted) == pixels(usual));
    EXPECT_EQ(nice, std::max(before, 10));
    EXPECT_NE(drawn, std::this_thread::get_id());
    EXPECT_EQ(drawn, logged);
    EXPECT_EQ(own_nice(), before);
    wanted.progress = [](Stage, int, int) { return false; };
    EXPECT_EQ(pipeline.generate("a boat", wanted).status().code(), StatusCode::kCancelled);
  }
}
#endif

TEST_F(PipelineLifeTest, TrimmedWheneverItIsTheSamePicture) {
  Pipeline pipeline = load({.threads = 2, .precision = Precision::kInt8});
  const std::vector<uint8_t> expected = pixels(pipeline);
  pipeline.trim();
  pipeline.trim();
  EXPECT_TRUE(pixels(pipeline) == expected);
  GenerateOptions options{.seed = 3};
  options.progress = [&](Stage, int, int) {
    std::thread([&] { pipeline.trim(); }).join();  // from another thread, and it does not wait
    return true;
  };
  EXPECT_TRUE(pixels(pipeline, options) == expected);
  EXPECT_TRUE(pixels(pipeline) == expected);
  std::atomic<bool> done = false;
  std::thread trimmer([&] {
    while (!done) pipeline.trim();
  });
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(pixels(pipeline) == expected);
  done = true;
  trimmer.join();

  Pipeline moved = std::move(pipeline);
  pipeline.trim();  // has nothing
  moved.trim();
  model_.remove("unet/diffusion_pytorch_model.safetensors");
  EXPECT_EQ(moved.generate("a boat").status().code(), StatusCode::kNotFound);
}

// Cancelled before each of the tensors that a network is made of, with a cache and without.
TEST_F(PipelineLifeTest, LoadingStopsAtTheFlag) {
  const auto model = open_model_folder(model_.path());
  ASSERT_TRUE(model.ok());
  const TemporaryFolder folder;
  for (const std::string& cache : {std::string(), folder.path("cache")}) {
    const NetworkLoading how(LoadOptions{.cache_folder = cache});
    std::atomic<bool> cancelled = true;
    NetworkSlot<UNet, UNetConfig> unet("unet", model->unet_weights(), model->unet);
    EXPECT_EQ(unet.load(how, kernels::CancelFlag(&cancelled)).code(), StatusCode::kCancelled);
    EXPECT_FALSE(std::filesystem::exists(folder.path("cache")));
    cancelled = false;
    EXPECT_TRUE(unet.load(how, kernels::CancelFlag(&cancelled)).ok());
    unet.drop();
    cancelled = true;  // out of the cache, too
    EXPECT_EQ(unet.load(how, kernels::CancelFlag(&cancelled)).code(), StatusCode::kCancelled);
    cancelled = false;
    EXPECT_TRUE(unet.load(how, kernels::CancelFlag(&cancelled)).ok());
    unet.drop();  // Windows removes no folder whose files are mapped
    std::filesystem::remove_all(folder.path("cache"));
  }
}

// A source that is given up in the middle: the rest is built of shapes alone.
TEST_F(PipelineLifeTest, ANetworkIsGivenUpInTheMiddle) {
  const auto model = open_model_folder(model_.path());
  ASSERT_TRUE(model.ok());
  auto file = FileWeights::open(model->unet_weights());
  ASSERT_TRUE(file.ok());
  class Counted : public WeightSource {
   public:
    Counted(WeightSource& whole, std::atomic<bool>& flag, int after) : whole_(whole), flag_(flag), after_(after) {}
    kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override {
      if (++read == after_) flag_ = true;
      return whole_.get(name, shape);
    }
    bool has(const std::string& name) const override { return whole_.has(name); }
    int read = 0;

   private:
    WeightSource& whole_;
    std::atomic<bool>& flag_;
    const int after_;
  };
  for (const auto precision : {kernels::Precision::kFloat32, kernels::Precision::kInt8}) {
    for (int after = 1; after < 60; after += 7) {
      std::atomic<bool> flag = false;
      Counted counted(**file, flag, after);
      WantedWeights wanted(counted, kernels::CancelFlag(&flag));
      const UNet unet(Scope(wanted, "unet", precision), model->unet);
      EXPECT_EQ(wanted.status().code(), StatusCode::kCancelled);
      EXPECT_EQ(counted.read, after);
    }
  }
}

}  // namespace
}  // namespace mobilediffusion
