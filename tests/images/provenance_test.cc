// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a picture says of its making reads back as it was, whatever its values.
#include "src/images/provenance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace mobilediffusion {
namespace {

Result<Provenance> there_and_back(const Provenance& provenance) { return provenance_of(texts_of(provenance), "test"); }

TEST(Provenance, EveryNumberComesBack) {
  using Floats = std::numeric_limits<float>;
  using Doubles = std::numeric_limits<double>;
  for (const float guidance : {0.0f, -0.0f, 1.0f, 0.1f, 7.1f, 1e-7f, 1e30f, Floats::max(), Floats::lowest(),
                               Floats::min(), Floats::infinity(), -Floats::infinity()}) {
    const auto made = there_and_back({.guidance = guidance});
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->guidance, guidance);
    EXPECT_EQ(std::signbit(made->guidance), std::signbit(guidance));
  }
  for (const double strength :
       {0.0, 0.65, 1.0 / 3, -1e300, Doubles::max(), Doubles::min(), Doubles::infinity(), -Doubles::infinity()}) {
    const auto made = there_and_back({.strength = strength});
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->strength, strength);
  }
  for (const float sign : {1.0f, -1.0f}) {
    const auto made = there_and_back({.guidance = std::copysign(Floats::quiet_NaN(), sign),
                                      .strength = std::copysign(Doubles::quiet_NaN(), double{sign})});
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_TRUE(std::isnan(made->guidance));
    EXPECT_TRUE(std::isnan(made->strength.value_or(0)));
  }
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()})
    EXPECT_EQ(there_and_back({.seed = seed})->seed, seed);
  for (const int steps : {0, 1, -1, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()})
    EXPECT_EQ(there_and_back({.steps = steps})->steps, steps);
  EXPECT_FALSE(there_and_back({})->strength.has_value());
}

// As releases before this one wrote a NaN.
TEST(Provenance, ANegativeNan) {
  const std::vector<TextEntry> texts = {
      {"Software", "MobileDiffusion for C++ 1.0.0"}, {"prompt", "a"}, {"seed", "1"}, {"guidance", "-nan"}};
  const auto made = provenance_of(texts, "test");
  ASSERT_TRUE(made.ok()) << made.status().message();
  EXPECT_TRUE(std::isnan(made->guidance));
}

TEST(Provenance, EveryTextComesBack) {
  const std::string r = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> rows[] = {
      {"a", "a"},
      {"\x01\x02\x1b[31m\x7f\t\n\r\n", "\x01\x02\x1b[31m\x7f\t\n\r\n"},
      {std::string("a\0b", 3), "a" + r + "b"},
      {"\xff\xc3", r + r},
      {"nan", "nan"},
      {"\xef\xbb\xbf\xe8\x88\xb9\xf0\x9f\x8c\x85", "\xef\xbb\xbf\xe8\x88\xb9\xf0\x9f\x8c\x85"},
      {std::string(3 << 20, '&'), std::string(3 << 20, '&')}};
  for (const auto& [text, expected] : rows) {
    const auto made =
        there_and_back({.prompt = text, .negative_prompt = text, .model = text, .sampler = text, .noise = text});
    ASSERT_TRUE(made.ok()) << made.status().message();
    EXPECT_EQ(made->prompt, expected);
    EXPECT_EQ(made->negative_prompt, expected);
    EXPECT_EQ(made->model, expected);
    EXPECT_EQ(made->sampler, expected);
    EXPECT_EQ(made->noise, expected);
  }
  const std::pair<std::vector<std::string>, std::vector<std::string>> lists[] = {
      {{}, {}},
      {{""}, {""}},
      {{"", "a:1", ""}, {"", "a:1", ""}},
      {{"a:nan", "b\r:1"}, {"a:nan", "b\r:1"}},
      {{"a\nb:1", "c:2"}, {"a" + r + "b:1", "c:2"}},
      {{std::string("a\0b:1", 5), "\xff:2"}, {"a" + r + "b:1", r + ":2"}}};
  for (const auto& [loras, expected] : lists) EXPECT_EQ(there_and_back({.loras = loras})->loras, expected);
}

// A JPEG's segment has no room for more; every character of the description is whole.
TEST(Provenance, TheXmpPacketOfAVeryLongPromptIsShort) {
  for (const std::string& piece : {std::string("\""), std::string("\xe8\x88\xb9"), std::string("\xff"),
                                   std::string("\r"), std::string("a\xf0\x9f\x8c\x85")}) {
    std::string prompt;
    while (prompt.size() < 200000) prompt += piece;
    const std::vector<TextEntry> texts = texts_of({.prompt = prompt, .negative_prompt = prompt, .model = prompt});
    ASSERT_EQ(texts.back().keyword, kXmpKeyword);
    EXPECT_LE(texts.back().text.size(), size_t{65502});
    EXPECT_EQ(clean_utf8(texts.back().text), texts.back().text);
    EXPECT_EQ(texts.back().text.find("\xef\xbf\xbd") != std::string::npos, piece == "\xff");
    EXPECT_NE(texts.back().text.find("</rdf:li>"), std::string::npos);
  }
}

}  // namespace
}  // namespace mobilediffusion
