// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The scenario that every language's tests tell, under these names.
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mobilediffusion/pack.h"
#include "mobilediffusion/pipeline.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

constexpr char kPrompt[] = "two red boats at sunset";

class Scenario : public testing::Test {
 protected:
  Scenario() {
    const Status packed = pack(model_.path(), folder_.path("model.mdiff"));
    EXPECT_TRUE(packed.ok()) << packed.message();
    pipeline_ = load(Pipeline::load(model_.path()));
    expected_ = draw(*pipeline_);
    EXPECT_FALSE(expected_.empty());
  }

  static Pipeline load(Result<Pipeline> pipeline) {
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  static std::vector<uint8_t> draw(Pipeline& pipeline, const GenerateOptions& options = {}) {
    const auto image = pipeline.generate(kPrompt, options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? image->pixels : std::vector<uint8_t>();
  }

  static void expect_refused(const Status& status, StatusCode code, const std::string& saying) {
    EXPECT_EQ(status.code(), code) << status.message();
    EXPECT_NE(status.message().find(saying), std::string::npos) << status.message();
  }

  const SmallModel model_;
  const TemporaryFolder folder_;
  std::optional<Pipeline> pipeline_;
  std::vector<uint8_t> expected_;
};

TEST_F(Scenario, LoadsFromBytes) {
  const std::string text = folder_.read("model.mdiff");
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  Pipeline loaded = load(Pipeline::load(bytes));
  EXPECT_TRUE(draw(loaded) == expected_);
}

TEST_F(Scenario, LoadsFromAPackedFile) {
  Pipeline loaded = load(Pipeline::load(folder_.path("model.mdiff")));
  EXPECT_TRUE(draw(loaded) == expected_);
}

TEST_F(Scenario, DrawsWithProgress) {
  std::vector<Stage> stages;
  std::vector<Stage> ended;
  GenerateOptions options;
  options.progress = [&](Stage stage, int done, int total) {
    if (stages.empty() || stages.back() != stage) stages.push_back(stage);
    if (done == total) ended.push_back(stage);
    return true;
  };
  EXPECT_TRUE(draw(*pipeline_, options) == expected_);
  const std::vector<Stage> all = {Stage::kText, Stage::kUNet, Stage::kDecoder};
  EXPECT_TRUE(stages == all);
  EXPECT_TRUE(ended == all);
}

TEST_F(Scenario, CancelsHalfWay) {
  std::set<Stage> stages;
  GenerateOptions options;
  options.progress = [&](Stage stage, int done, int total) {
    stages.insert(stage);
    return stage != Stage::kUNet || 2 * done < total;
  };
  expect_refused(pipeline_->generate(kPrompt, options).status(), StatusCode::kCancelled, "cancel");
  EXPECT_TRUE(stages.count(Stage::kUNet) == 1 && stages.count(Stage::kDecoder) == 0);
  options.progress = [&](Stage stage, int, int) {
    if (stage == Stage::kUNet) pipeline_->cancel();
    return true;
  };
  expect_refused(pipeline_->generate(kPrompt, options).status(), StatusCode::kCancelled, "cancel");
}

TEST_F(Scenario, RefusesWhatCannotBe) {
  expect_refused(pipeline_->generate(kPrompt, {.width = 13}).status(), StatusCode::kInvalidArgument, "13");
  expect_refused(pipeline_->generate(kPrompt, {.steps = -1}).status(), StatusCode::kInvalidArgument, "steps");
  expect_refused(Pipeline::load("no-such-model").status(), StatusCode::kNotFound, "no-such-model");
  const std::string text = folder_.read("model.mdiff");
  const std::vector<uint8_t> half(text.begin(), text.begin() + text.size() / 2);
  expect_refused(Pipeline::load(half).status(), StatusCode::kInvalidModel, "in memory");
}

TEST_F(Scenario, DrawsAgain) {
  EXPECT_TRUE(draw(*pipeline_) == expected_);
  EXPECT_FALSE(draw(*pipeline_, {.seed = 1}) == expected_);
  pipeline_->trim();
  EXPECT_TRUE(draw(*pipeline_) == expected_);
}

// A picture outlives its pipeline.
TEST_F(Scenario, LetsGo) {
  const auto image = pipeline_->generate(kPrompt);
  ASSERT_TRUE(image.ok()) << image.status().message();
  pipeline_.reset();
  EXPECT_TRUE(image->pixels == expected_);
}

}  // namespace
}  // namespace mobilediffusion
