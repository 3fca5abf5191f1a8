// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/json_document.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "src/files/json_text.h"
#include "tests/failing_new.h"

namespace mobilediffusion {
namespace {

using nlohmann::json;

const std::string kEveryKind =
    R"({"z":[1,-2,3.5,true,false,null,"text",[],{}],"a":{"b":[[1],[2,[3]]],"c":{"d":{"e":"f"}}},"m":18446744073709551615})";

TEST(JsonDocumentTest, IsTheTreeOfTheText) {
  const JsonDocument document(kEveryKind);
  EXPECT_EQ(document.root(), json::parse(kEveryKind));
  EXPECT_FALSE(document.too_deep());
  for (const char* scalar : {"1", "\"a\"", "null", "[]", "{}", " true "})
    EXPECT_EQ(JsonDocument(scalar).root(), json::parse(scalar)) << scalar;
}

TEST(JsonDocumentTest, WhatIsNoJsonIsDiscarded) {
  for (const char* text :
       {"", "{", "[1,2", "{\"a\":1,}", "nul", "\"\xff\"", "{'a':1}", "1 2", "[1]]", "1e999", "\"\\ud800\""}) {
    const JsonDocument document(text);
    EXPECT_TRUE(document.root().is_discarded()) << text;
    EXPECT_FALSE(document.too_deep()) << text;
  }
}

TEST(JsonDocumentTest, TooDeepIsWhatHoldsSomethingThere) {
  const auto nested = [](size_t lists, const std::string& inside) {
    return std::string(lists, '[') + inside + std::string(lists, ']');
  };
  for (const auto& [text, deep] : std::vector<std::pair<std::string, bool>>{{nested(2, "1"), false},
                                                                            {nested(3, ""), false},
                                                                            {nested(3, "1"), true},
                                                                            {nested(4, ""), true},
                                                                            {nested(2, "{}"), false},
                                                                            {nested(2, "{\"a\":1}"), true},
                                                                            {nested(2, "{\"a\""), true},
                                                                            {nested(1'000'000, ""), true}}) {
    const JsonDocument document(text, 2);
    EXPECT_EQ(document.too_deep(), deep) << text.substr(0, 40);
    EXPECT_EQ(document.root().is_discarded(), deep) << text.substr(0, 40);
  }
  EXPECT_FALSE(JsonDocument(nested(JsonDocument::kDeepest, "1")).too_deep());
  EXPECT_TRUE(JsonDocument(nested(JsonDocument::kDeepest + 1, "1")).too_deep());
}

TEST(JsonDocumentTest, OfARepeatedKeyTheLastValueCounts) {
  const JsonDocument document(R"({"a":{"b":[1,{"c":2}]},"a":{"d":[3]},"a":[4]})");
  EXPECT_EQ(document.root().dump(), R"({"a":[4]})");
}

TEST(JsonDocumentTest, MembersAreFoundInTheTextsOrder) {
  const JsonDocument document(R"({"z":1,"b":{"y":2,"x":3},"a":4,"b":{"q":5,"p":6,"r":7}})");
  const auto names = [&](const json& object) {
    std::string list;
    for (const auto& member : document.in_order(object)) list += member.key() + "=" + member->dump() + " ";
    return list;
  };
  EXPECT_EQ(names(document.root()["b"]), "q=5 p=6 r=7 ");
  EXPECT_EQ(names(document.root()), R"(z=1 a=4 b={"p":6,"q":5,"r":7} )");
}

TEST(JsonDocumentTest, EveryShortageOfMemoryCanBeBorne) {
  for (const std::string& text :
       {kEveryKind, kEveryKind.substr(0, kEveryKind.size() - 1), "[" + kEveryKind + ",1,]",
        std::string(R"({"a":{"b":[1,{"c":2}]},"a":{"b":[3]},"a":[[4]]})"), "{\"a\":" + std::string(50, '[')}) {
    EXPECT_GT(run_short_of_memory([&] {
                const JsonDocument document(text);
                if (document.root().is_object()) static_cast<void>(document.in_order(document.root()));
                static_cast<void>(document.root().dump());
              }),
              10)
        << text;
  }
}

TEST(JsonTextTest, IsWhatATreeWouldSay) {
  JsonObjectText object;
  EXPECT_EQ(object.text(), "{}");
  const std::string odd = "\"\\/\b\f\n\r\t\x01\x7f \xc3\xbc \xf0\x9f\x8c\x85";
  object.add(odd, json_string(odd));
  object.add("", "[1,2]");
  EXPECT_EQ(object.text(), "{" + json(odd).dump() + ":" + json(odd).dump() + ",\"\":[1,2]}");
}

}  // namespace
}  // namespace mobilediffusion
