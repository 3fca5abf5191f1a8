// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/prompt_syntax.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/slowdown.h"

namespace mobilediffusion {
namespace {

TEST(PromptSyntax, TellsWhatIsReadLetterByLetter) {
  const struct {
    const char* prompt;
    const char* quoted;
    const char* consequence;
  } kCases[] = {
      {"a (red:1.3) boat", "\"(red:1.3)\"", "weights"},
      {"a (very red: .8), (old) boat", "\"(very red: .8)\"", "weights"},
      {"a ((red:-1) old) boat", "\"(red:-1)\"", "weights"},
      {"a ((red)) boat", "\"((red))\"", "weights"},
      {"a [[red]] boat", "\"[[red]]\"", "weights"},
      {"a (red old)1.3 boat", "\"(red old)1.3\"", "weights"},
      {"a red++ boat", "\"red++\"", "weights"},
      {"a [red:blue:0.5] boat", "\"[red:blue:0.5]\"", "between steps"},
      {"a [red|blue] boat", "\"[red|blue]\"", "between steps"},
      {"a {red|blue} boat", "\"{red|blue}\"", "alternatives"},
      {"a boat BREAK a house", "\"BREAK\"", "one piece"},
      {"BREAK", "\"BREAK\"", "one piece"},
      {"a boat AND a house", "\"AND\"", "one piece"},
      {"a boat <lora:paint_v2:0.8>", "\"<lora:paint_v2:0.8>\"", "--lora"},
      {"a boat <hypernet:x:1>", "\"<hypernet:x:1>\"", "no files"},
      {"a boat, embedding:easy_negative", "\"embedding:easy_negative\"", "no files"},
  };
  for (const auto& [prompt, quoted, consequence] : kCases) {
    const std::vector<std::string> notes = notes_on_syntax(prompt);
    ASSERT_EQ(notes.size(), 1u) << prompt;
    EXPECT_EQ(notes[0].rfind(std::string(quoted) + " is read letter by letter: ", 0), 0u) << notes[0];
    EXPECT_NE(notes[0].find(consequence), std::string::npos) << notes[0];
  }
}

TEST(PromptSyntax, PlainWordsHaveNoNotes) {
  for (const char* prompt : {"",
                             "two red boats at sunset",
                             "a boat (red, old)",
                             "a boat [red]",
                             "title: a boat",
                             "a (boat: old)",
                             "8:30",
                             "AND A BOAT",
                             "sand and Andes",
                             "BREAKFAST",
                             "daybreak",
                             "2 < 3 > 1",
                             "<3",
                             "a C++ logo",
                             "a boat -- red",
                             "a well--known boat",
                             "((",
                             "[[",
                             "(:1.3)",
                             "(red:)",
                             "\\(red:1.3\\)",
                             "<:x>",
                             "embedding: none",
                             "{red}",
                             ")1",
                             "(1)",
                             "日本の船 (古い)",
                             "\xff\xfe(",
                             "a|b"}) {
    EXPECT_TRUE(notes_on_syntax(prompt).empty()) << prompt << ": " << notes_on_syntax(prompt)[0];
  }
}

TEST(PromptSyntax, OneNoteForEachKind) {
  EXPECT_EQ(notes_on_syntax("(a:1) (b:2) BREAK c BREAK <lora:x:1> <lora:y:1>").size(), 3u);
}

TEST(PromptSyntax, NotesAreOneShortLine) {
  const std::vector<std::string> notes = notes_on_syntax("(\x1b[31m" + std::string(5000, 'x') + "\n:1.3)");
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_LT(notes[0].size(), 250u);
  EXPECT_EQ(notes[0].find_first_of("\x1b\n"), std::string::npos);
}

TEST(PromptSyntax, LongPromptsTakeNoTime) {
  for (const char* part : {"(", "((a:1", "[", "<lora:", "BREAK", "embedding:", ")1", "\\"}) {
    std::string prompt;
    while (prompt.size() < 1'000'000) prompt += part;
    const auto begin = std::chrono::steady_clock::now();
    notes_on_syntax(prompt);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(kSlowdown)) << part;
  }
}

}  // namespace
}  // namespace mobilediffusion
