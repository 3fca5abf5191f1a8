// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Expressions over layers' names: the answers are those of Python's re.match(rf"(.*\.)?({expression})$", name).
#include "src/weights/name_pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace mobilediffusion {
namespace {

struct Row {
  const char* expression;
  const char* name;
  bool matches;
};

constexpr Row kRows[] = {
    {R"x(to_q)x", "attn1.to_q", true},
    {R"x(to_q)x", "to_q", true},
    {R"x(to_q)x", "xto_q", false},
    {R"x(to_q)x", "attn1.to_q.x", false},
    {R"x(attn1.to_q)x", "a.attn1xto_q", true},
    {R"x(^to_q)x", "to_q", true},
    {R"x(^to_q)x", "attn1.to_q", false},
    {R"x(^attn1.to_q)x", "attn1.to_q", true},
    {R"x(attn\d\.to_[qk])x", "b.attn2.to_k", true},
    {R"x(attn\d\.to_[qk])x", "b.attn2.to_v", false},
    {R"x(to_q|to_k)x", "a.to_k", true},
    {R"x(to_q|to_k)x", "a.to_kx", false},
    {R"x((?:down|up)_blocks\.[0-1]\..*to_q)x", "unet.up_blocks.1.attentions.0.to_q", true},
    {R"x((?:down|up)_blocks\.[0-1]\..*to_q)x", "up_blocks.2.attentions.0.to_q", false},
    {R"x(.*)x", "anything.at.all", true},
    {R"x()x", "", true},
    {R"x()x", "a", false},
    {R"x()x", "a.", true},
    {R"x(a{2,3})x", "aa", true},
    {R"x(a{2,3})x", "aaaa", false},
    {R"x(a{2})x", "b.aa", true},
    {R"x(a{2,})x", "aaaaa", true},
    {R"x(a{,2})x", "aaa", false},
    {R"x(a{x})x", "a{x}", true},
    {R"x([^.]+)x", "one", true},
    {R"x([^.]+)x", "two.one", true},
    {R"x([]a]+)x", "]a", true},
    {R"x([a-]+)x", "a-", true},
    {R"x([\d_]+)x", "x.1_2", true},
    {R"x(\w+\.\w+)x", "a.b.c", true},
    {R"x((a*)*b)x", "aaaaaaaac", false},
    {R"x((a|aa)+$)x", "aaaa", true},
    {R"x(x+?y??)x", "xxx", true},
    {R"x(a\.b)x", "a.b", true},
    {R"x(a\.b)x", "axb", false},
    {R"x(\Ato_q\Z)x", "to_q", true},
    {R"x(\Ato_q\Z)x", "b.to_q", false},
    {R"x((?P<n>to)_q)x", "a.to_q", true},
    {R"x(a$b)x", "ab", false},
    {R"x(mlp\.fc[12])x", "text_model.encoder.layers.3.mlp.fc2", true},
    {R"x(layers\.(1[0-9]|[0-3])\..*)x", "m.layers.12.q", true},
    {R"x(layers\.(1[0-9]|[0-3])\..*)x", "m.layers.4.q", false},
    {R"x(\D\S\W)x", "a.-", true},
    {R"x(ab*c?|d)x", "x.abbb", true},
    {R"x(())x", "x.", true},
    {R"x((^|x)y)x", "y", true},
    {R"x((^|x)y)x", "a.y", false},
    {R"x((^|x)y)x", "a.xy", true},
};

TEST(NamePatternTest, AnswersAsPythonDoes) {
  for (const Row& row : kRows) {
    const auto pattern = NamePattern::parse(row.expression);
    ASSERT_TRUE(pattern.ok()) << pattern.status().message();
    EXPECT_EQ(pattern->matches(row.name), row.matches) << row.expression << " and " << row.name;
  }
}

TEST(NamePatternTest, WhatIsNotSupportedIsNamedWithItsPlace) {
  for (const auto& [expression, saying] : {std::pair{"(a", "\"(\" without"},
                                           {"a)", "\")\" without"},
                                           {"[a", "\"[\" without"},
                                           {"a\\", "last backslash"},
                                           {"*a", "nothing to repeat"},
                                           {"a|*", "nothing to repeat"},
                                           {"a**", "a repetition of a repetition"},
                                           {"(?=a)", "a group of a kind"},
                                           {"(?i)a", "a group of a kind"},
                                           {"(a)\\1", "\"\\1\""},
                                           {"\\ba", "\"\\b\""},
                                           {"[z-a]", "a wrong range"},
                                           {"a{3,2}", "an impossible repetition"},
                                           {"((a{100}){100}){100}", "too much to repeat"}}) {
    const auto pattern = NamePattern::parse(expression);
    EXPECT_EQ(pattern.status().code(), StatusCode::kUnsupported) << expression;
    EXPECT_NE(pattern.status().message().find(saying), std::string::npos) << pattern.status().message();
    EXPECT_NE(pattern.status().message().find(" at character "), std::string::npos) << pattern.status().message();
  }
  EXPECT_EQ(NamePattern::parse(std::string(2000, 'a')).status().code(), StatusCode::kUnsupported);
}

// What takes other engines the age of the universe.
TEST(NamePatternTest, TakesNoLongerForAHostileExpression) {
  for (const char* expression : {"(a*)*b", "(a|a)*b", "(a|aa)+b", "((a*)*)*b", "(.*.*.*.*.*)*b"}) {
    const auto pattern = NamePattern::parse(expression);
    ASSERT_TRUE(pattern.ok()) << pattern.status().message();
    EXPECT_FALSE(pattern->matches(std::string(10000, 'a'))) << expression;
  }
  EXPECT_TRUE(NamePattern::parse(std::string(300, '(') + "a" + std::string(300, ')'))->matches("a"));
}

}  // namespace
}  // namespace mobilediffusion
