// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// CLIP's tokenizer against the ids that transformers' fast tokenizer gives (tests/data/clip_prompts.jsonl). CLIP's
// vocabulary is not ours to ship: it is looked for in CLIP_TOKENIZER_DIR and in ../shared/clip.
#include "src/text/clip_tokenizer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "src/model/model_folder.h"

namespace mobilediffusion {
namespace {

constexpr SpecialTokens kClip{.start = 49406, .end = 49407, .pad = 49407};

std::string clip_folder() {
  if (const char* named = std::getenv("CLIP_TOKENIZER_DIR")) return named;
  return std::string(MOBILEDIFFUSION_SOURCE_DIR) + "/../shared/clip";
}

class Clip : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(clip_folder() + "/vocab.json")) {
      GTEST_SKIP() << "CLIP's vocabulary is not in " << clip_folder() << "; name its folder in CLIP_TOKENIZER_DIR";
    }
    auto loaded = ClipTokenizer::parse(*read_text_file(clip_folder() + "/vocab.json"),
                                       *read_text_file(clip_folder() + "/merges.txt"), clip_folder(), kClip, 49408);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    tokenizer_ = std::move(*loaded);
  }

  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_F(Clip, GivesTheGoldenIds) {
  std::ifstream file(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/clip_prompts.jsonl");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    const auto golden = nlohmann::json::parse(line);
    const auto prompt = golden["prompt"].get<std::string>();
    const auto found = tokenizer_->encode(prompt, 77);
    ASSERT_TRUE(found.ok()) << prompt;
    EXPECT_EQ(found->ids, golden["input_ids"].get<std::vector<int>>()) << prompt;
  }
  EXPECT_EQ(count, 300);
}

// The same vocabulary as the tokenizers library keeps it, in either writing of its merges.
TEST_F(Clip, ReadsTokenizerJsonAlike) {
  const auto vocab = nlohmann::json::parse(*read_text_file(clip_folder() + "/vocab.json"));
  std::ifstream file(clip_folder() + "/merges.txt");
  nlohmann::json strings = nlohmann::json::array(), pairs = nlohmann::json::array();
  for (std::string line; std::getline(file, line);) {
    const size_t space = line.find(' ');
    if (line.starts_with("#version") || space == std::string::npos) continue;
    strings.push_back(line);
    pairs.push_back({line.substr(0, space), line.substr(space + 1)});
  }
  for (const nlohmann::json& merges : {strings, pairs}) {
    const nlohmann::json whole = {{"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
    const auto vocabulary = ClipVocabulary::parse_json(whole.dump(), "tokenizer.json", 49408);
    ASSERT_TRUE(vocabulary.ok()) << vocabulary.status().message();
    const auto tokenizer = ClipTokenizer::make(*vocabulary, kClip);
    for (const char* prompt : {"two red boats at sunset", "it's 1999, caf\u00e9!", "x<|endoftext|>y"})
      EXPECT_EQ(tokenizer->encode(prompt, 77)->ids, tokenizer_->encode(prompt, 77)->ids) << prompt;
  }
}

TEST_F(Clip, CutsALongPromptAndSaysSo) {
  std::string prompt;
  for (int i = 0; i < 10000; ++i) prompt += "boat ";
  const auto found = tokenizer_->encode(prompt, 77);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->truncated);
  EXPECT_EQ(found->prompt_tokens, 10000);
  EXPECT_EQ(found->ids.size(), 77u);
  EXPECT_EQ(found->ids.front(), kClip.start);
  EXPECT_EQ(found->ids.back(), kClip.end);
}

TEST_F(Clip, JoinsALongWordInReasonableTime) {
  const auto found = tokenizer_->encode(std::string(1'000'000, 'a'), 77);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->truncated);
}

TEST_F(Clip, NamesTheByteThatIsNotUtf8) {
  const auto found = tokenizer_->encode("boat \xff", 77);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument);
  EXPECT_NE(found.status().message().find("byte 5"), std::string::npos);
}

}  // namespace
}  // namespace mobilediffusion
