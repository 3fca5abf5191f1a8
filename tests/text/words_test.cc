// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/words.h"

#include <gtest/gtest.h>

namespace mobilediffusion {
namespace {

using Words = std::vector<std::string>;

TEST(Words, OfEveryScript) {
  EXPECT_EQ(words_of("Two red_boats, 24!"), (Words{"two", "red", "boats", "24"}));
  EXPECT_EQ(words_of("Красная Лодка; 日本の船"), (Words{"красная", "лодка", "日本の船"}));
  EXPECT_EQ(words_of("Stra\xc3\x9f"
                     "e \xef\xbc\xa1"),
            (Words{"strasse", "a"}));
  EXPECT_EQ(words_of("\xf0\x9f\x9a\xa4 -- ?"), Words{});
  EXPECT_EQ(words_of("a\xff"), Words{});
}

TEST(Words, OfTheFirst4KiBCutBetweenCharacters) {
  for (const std::string before : {"", "a", "ab", "abc"}) {
    std::string text = before;
    while (text.size() < 10000) text += "\xe8\x88\xb9";
    const Words words = words_of(text);
    ASSERT_EQ(words.size(), 1u);
    EXPECT_GT(words[0].size(), 4092u);
    EXPECT_LE(words[0].size(), 4096u);
  }
  EXPECT_EQ(words_of(std::string(10000, '\x80')), Words{});
}

}  // namespace
}  // namespace mobilediffusion
