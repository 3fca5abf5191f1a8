// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/word_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

using Words = std::vector<std::string>;

Result<WordList> load(const std::string& text) {
  const TemporaryFolder folder;
  folder.write("words.json", text);
  return WordList::load(folder.path());
}

TEST(WordListTest, NamesWhatIsNotOnIt) {
  const auto list =
      load(R"({"subjects": ["boat", "hot-air balloon", "H\u00fctte"], "colours": ["red"], "others": ["a"]})");
  ASSERT_TRUE(list.ok()) << list.status().message();
  EXPECT_EQ(list->unknown("a red boat"), Words());
  EXPECT_EQ(list->unknown("A RED Boat, hot-air; balloon!"), Words());
  EXPECT_EQ(list->unknown("a red dragon above a Dragon and a boat"), (Words{"dragon", "above", "and"}));
  EXPECT_EQ(list->unknown("2 boats"), Words{"boats"});
  EXPECT_EQ(list->unknown("h\u00fctte HU\u0308TTE"), Words());  // composed or not
  EXPECT_EQ(list->unknown("\u65e5\u672c"), Words{"\u65e5\u672c"});
  EXPECT_EQ(list->unknown(""), Words());
  EXPECT_EQ(list->unknown("\xff"), Words());
  EXPECT_LE(list->unknown(std::string(1 << 20, 'x')).at(0).size(), 4096u);
}

TEST(WordListTest, KeepsTheOrderOfItsGroups) {
  const auto list = load(R"({"zebra": ["b", "a"], "ant": []})");
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->groups(), (std::vector<WordList::Group>{{"zebra", {"b", "a"}}, {"ant", {}}}));
}

TEST(WordListTest, WithoutAFileEveryWordIsKnown) {
  const TemporaryFolder folder;
  const auto list = WordList::load(folder.path());
  ASSERT_TRUE(list.ok());
  EXPECT_TRUE(list->groups().empty());
  EXPECT_EQ(list->unknown("anything at all"), Words());
}

TEST(WordListTest, RefusesWhatIsNoList) {
  for (const char* wrong : {"", "[]", "{", "7", R"({"a": "b"})", R"({"a": [1]})", R"({"a": [["b"]]})"}) {
    const auto list = load(wrong);
    EXPECT_EQ(list.status().code(), StatusCode::kInvalidModel) << wrong;
    EXPECT_NE(list.status().message().find("words.json"), std::string::npos) << list.status().message();
  }
}

}  // namespace
}  // namespace mobilediffusion
