// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Added tokens against the ids that the transformers library gives (tests/data/added_tokens.json: its CLIPTokenizer of
// version 4.57 over vocab.json, and of version 5.24 over tokenizer.json), with a vocabulary of 150 made for this.
#include "src/text/added_tokens.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "src/text/tokenizer.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

using nlohmann::json;

constexpr int kLength = 24;

json golden() {
  std::ifstream file(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/added_tokens.json");
  return json::parse(file);
}

// A tokenizer folder of one of the golden sets.
void write_folder(const json& golden, const json& set, const TemporaryFolder& folder) {
  for (const auto& [name, content] : set["files"].items()) folder.write(name, content.dump());
  if (set["name"] == "tokenizer.json alone") return;
  folder.write("vocab.json", golden["vocab"].dump());
  std::string merges = "#version: 0.2\n";
  for (const json& merge : golden["merges"]) merges += merge.get<std::string>() + "\n";
  folder.write("merges.txt", merges);
}

// What a text encoder with a table of so many rows reads.
Result<std::unique_ptr<Tokenizer>> load(const TemporaryFolder& folder, int rows) {
  return load_tokenizer(folder.path(), {.vocab_size = rows, .bos_token_id = 0, .eos_token_id = 2, .pad_token_id = 1});
}

TEST(AddedTokensTest, AreReadAsTransformersDoes) {
  const json all = golden();
  const int rows = static_cast<int>(all["vocab"].size()) + 20;
  size_t prompts = 0;
  for (const json& set : all["folders"]) {
    const TemporaryFolder folder;
    write_folder(all, set, folder);
    const auto tokenizer = load(folder, rows);
    ASSERT_TRUE(tokenizer.ok()) << set["name"] << ": " << tokenizer.status().message();
    for (const json& row : set["rows"]) {
      const auto prompt = row[0].get<std::string>();
      auto ids = row[1].get<std::vector<int>>();
      ids.resize(kLength, ids.back());  // without the repetition at their end
      const auto found = (*tokenizer)->encode(prompt, kLength);
      ASSERT_TRUE(found.ok()) << found.status().message();
      EXPECT_EQ(found->ids, ids) << set["name"] << ": \"" << prompt << "\"";
      ++prompts;
    }
  }
  EXPECT_EQ(prompts, 6u * 45);
}

// The table's last row is the last token's; one row fewer, and the token is named with its file.
TEST(AddedTokensTest, WithoutARowAreRefused) {
  const json all = golden();
  const int vocabulary = static_cast<int>(all["vocab"].size());
  for (const auto& [name, file, token, more] :
       {std::tuple{"a pad token without an id", "", "[PAD]", 1},
        {"added_tokens.json", "added_tokens.json", "t\" the id", 6},
        {"added_tokens_decoder", "tokenizer_config.json", "\"cat\" the id", 7},
        {"tokenizer.json beside vocab.json", "tokenizer.json", "\"SKS\" the id", 2},
        {"tokenizer.json alone", "tokenizer.json", "\"<l>\" the id", 6}}) {
    for (const json& set : all["folders"]) {
      if (set["name"] != name) continue;
      const TemporaryFolder folder;
      write_folder(all, set, folder);
      if (set["files"].contains("special_tokens_map.json")) folder.write("special_tokens_map.json", "{}");
      EXPECT_TRUE(load(folder, vocabulary + more).ok()) << name;
      const Status status = load(folder, vocabulary + more - 1).status();
      EXPECT_EQ(status.code(), StatusCode::kInvalidModel) << name;
      EXPECT_NE(status.message().find(folder.path(file)), std::string::npos) << status.message();
      EXPECT_NE(status.message().find(token), std::string::npos) << status.message();
      EXPECT_NE(status.message().find("text encoder's table"), std::string::npos) << status.message();
    }
  }
}

TEST(AddedTokensTest, WrongFilesAreNamed) {
  const json all = golden();
  for (const auto& [file, text, saying] :
       {std::tuple{"added_tokens.json", R"({"<cat>": "7"})", "expected 0 to"},
        {"added_tokens.json", R"(["<cat>"])", "added_tokens.json"},
        {"tokenizer_config.json", R"({"added_tokens_decoder": {"x": {"content": "<cat>"}}})", "the id \"x\""},
        {"tokenizer_config.json", R"({"added_tokens_decoder": {"7": "<cat>"}})", "wrong \"added_tokens_decoder\""},
        {"tokenizer_config.json", R"({"added_tokens_decoder": [1]})", "wrong \"added_tokens_decoder\""},
        {"tokenizer_config.json", R"({"additional_special_tokens": [3]})", "wrong \"additional_special_tokens\""},
        {"special_tokens_map.json", R"({"unk_token": 3})", "wrong \"unk_token\""},
        {"tokenizer.json", R"({"added_tokens": [{"content": "<cat>"}]})", "the id null"}}) {
    const TemporaryFolder folder;
    write_folder(all, all["folders"][0], folder);
    folder.write(file, text);
    const Status status = load(folder, 1000).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidModel) << text;
    EXPECT_NE(status.message().find(file), std::string::npos) << status.message();
    EXPECT_NE(status.message().find(saying), std::string::npos) << status.message();
  }
}

std::string joined(const std::vector<AddedTokens::Piece>& pieces) {
  std::string text;
  for (const auto& piece : pieces)
    text += "[" + piece.text + (piece.id >= 0 ? "=" + std::to_string(piece.id) : "") + "]";
  return text;
}

TEST(AddedTokensTest, TheLeftmostAndLongestCounts) {
  const AddedTokens tokens({{.content = "abc", .id = 1},
                            {.content = "ab", .id = 2},
                            {.content = "cd", .id = 3},
                            {.content = "", .id = 4},
                            {.content = "\u00e9", .id = 5}});
  for (const auto split : {&AddedTokens::split_slow, &AddedTokens::split_fast}) {
    EXPECT_EQ(joined((tokens.*split)("abcd ab acd")), "[abc=1][d ][ab=2][ a][cd=3]");
    EXPECT_EQ(joined((tokens.*split)("x\u00e9")), "[x][\u00e9=5]");
    EXPECT_EQ(joined((tokens.*split)("")), "");
    EXPECT_EQ(joined((AddedTokens().*split)("ab")), "[ab]");
  }
}

TEST(AddedTokensTest, ASingleWordStandsAlone) {
  const AddedTokens tokens({{.content = "sks", .id = 1, .single_word = true}});
  EXPECT_EQ(joined(tokens.split_slow("sks sks, asks sks")), "[sks=1][ ][sks, asks][ ][sks=1]");
  EXPECT_EQ(joined(tokens.split_fast("sks sks, asks \u00e9sks _sks sks")),
            "[sks=1][ ][sks=1][, asks \u00e9sks _sks ][sks=1]");
}

}  // namespace
}  // namespace mobilediffusion
