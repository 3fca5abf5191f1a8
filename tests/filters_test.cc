// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The word list, and what filters do to a pipeline.
#include "mobilediffusion/filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "mobilediffusion/live.h"
#include "mobilediffusion/pipeline.h"
#include "tests/small_model.h"

namespace mobilediffusion {
namespace {

PromptFilter filter_of(const std::vector<std::string>& words) {
  auto filter = word_list_filter(words);
  EXPECT_TRUE(filter.ok()) << filter.status().message();
  return filter.ok() ? *filter : PromptFilter();
}

TEST(WordListFilter, NamesTheEntryThatIsFound) {
  const PromptFilter filter = filter_of({"Big Gun", "sword", "na\u00efve"});
  EXPECT_EQ(filter("a boat with a big gun"), "the prompt has \"Big Gun\", which is on the list of refused words");
  EXPECT_EQ(filter("naive"), "the prompt has \"na\u00efve\", which is on the list of refused words");
  EXPECT_EQ(filter("a boat"), std::nullopt);
  EXPECT_EQ(filter(""), std::nullopt);
}

TEST(WordListFilter, ComparesWholeWordsAndPhrases) {
  const PromptFilter filter = filter_of({"art", "old red boat", "7"});
  for (const char* passes :
       {"a party", "arts", "old boat red", "an old red", "red boat old", "77", "old red boats", "artist's"})
    EXPECT_EQ(filter(passes), std::nullopt) << passes;
  for (const char* refused : {"art", "ART.", "(art)", "pop-art", "art's", "an old, red boat", "old\nred\tboat",
                              "old_red_boat", "boat 7", "old red old red boat"})
    EXPECT_NE(filter(refused), std::nullopt) << refused;
}

// Each is what a text encoder reads much like "gun", or a reader does.
TEST(WordListFilter, NoDisguiseOfLettersSlipsPast) {
  const std::pair<const char*, const char*> rows[] = {
      {"capitals", "a GuN"},
      {"full-width letters", "a \uff47\uff55\uff4e"},
      {"full-width capitals", "a \uff27\uff35\uff2e"},
      {"mathematical letters", "a \U0001d420\U0001d42e\U0001d427"},
      {"letters in circles", "a \u24d6\u24e4\u24dd"},
      {"an accent", "a g\u00fan"},
      {"accents of their own", "a g\u0301u\u0308n\u0323"},
      {"strokes through the letters", "a g\u0336u\u0336n\u0336"},
      {"circles around the letters", "a g\u20ddu\u20ddn\u20dd"},
      {"a zero-width space", "a g\u200bu\u200bn"},
      {"joiners", "a g\u200du\u200cn"},
      {"a soft hyphen", "a g\u00adun"},
      {"a word joiner and a byte-order mark", "a g\u2060u\ufeffn"},
      {"a change of direction", "a \u202eg\u202cun"},
      {"a variation selector", "a gu\ufe0fn"},
      {"an invisible tag", "a g\U000e0041un"},
      {"a control character", "a g\u0001un"},
      {"other spaces", "a\u3000gun\u2028"},
  };
  const PromptFilter filter = filter_of({"gun"});
  for (const auto& [how, prompt] : rows) EXPECT_NE(filter(prompt), std::nullopt) << how;
  // And the other way: a list may be written so.
  for (const auto& [how, prompt] : rows)
    EXPECT_NE(filter_of({std::string(prompt).substr(1)})("gun"), std::nullopt) << how;
  EXPECT_NE(filter_of({"stra\u00dfe"})("STRASSE"), std::nullopt);
  EXPECT_NE(filter_of({"fire"})("\ufb01re"), std::nullopt);  // a ligature
}

TEST(WordListFilter, ReadsEveryScript) {
  const PromptFilter filter = filter_of({"\u043e\u0440\u0443\u0436\u0438\u0435",  // Russian
                                         "\u8840\u8165",                          // Chinese
                                         "\u0e1b\u0e37\u0e19",                    // Thai
                                         "\u0938\u0949\u092a"});                  // Hindi
  EXPECT_NE(filter("\u041e\u0420\u0423\u0416\u0418\u0415!"), std::nullopt);
  EXPECT_NE(filter("\u4e00\u5e45\u8840\u8165\u7684\u753b"), std::nullopt);  // no spaces around it
  EXPECT_EQ(filter("\u8840\u7684\u8165"), std::nullopt);
  EXPECT_NE(filter("\u0e20\u0e32\u0e1e\u0e1b\u0e37\u0e19\u0e43\u0e2b\u0e0d\u0e48"), std::nullopt);
  EXPECT_NE(filter("\u0938\u0949\u092a"), std::nullopt);
  EXPECT_EQ(filter("\u0938\u0940\u092a"), std::nullopt);  // another vowel
}

// Spaces are nothing to a text encoder, and marks piled up must not take for ever.
TEST(WordListFilter, ReadsLongPromptsToTheirEnd) {
  const PromptFilter filter = filter_of({"gun"});
  EXPECT_NE(filter(std::string(1 << 20, ' ') + "gun"), std::nullopt);
  std::string marks = "g";
  for (int i = 0; i < 1 << 18; ++i) marks += i % 2 == 0 ? "\u0301" : "\u0323";
  EXPECT_NE(filter(marks + "un"), std::nullopt);
}

TEST(WordListFilter, RefusesEntriesThatRefuseNothing) {
  const auto refused = [](const std::vector<std::string>& words) { return word_list_filter(words).status(); };
  EXPECT_EQ(refused({"a", "\xff"}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused({"a", "\xff"}).message(), "entry 2 of the list of refused words is not valid UTF-8");
  EXPECT_EQ(refused({"!?"}).message(), "entry 1 of the list of refused words has no letter and no number: \"!?\"");
  EXPECT_TRUE(word_list_filter({}).ok());
}

TEST(ReadWordList, OneALine) {
  const auto read = [](std::string_view text) {
    const auto words = read_word_list(text);
    EXPECT_TRUE(words.ok()) << words.status().message();
    return words.ok() ? *words : std::vector<std::string>();
  };
  using Words = std::vector<std::string>;
  EXPECT_EQ(read(""), Words());
  EXPECT_EQ(read("gun"), Words{"gun"});
  EXPECT_EQ(read("# a comment\ngun\n\n  big sword\t\n  # another\nc#\n"), (Words{"gun", "big sword", "c#"}));
  EXPECT_EQ(read("gun\r\nsword\rbow\r\n\r\n"), (Words{"gun", "sword", "bow"}));
  EXPECT_EQ(read("\xef\xbb\xbfgun"), Words{"gun"});
  EXPECT_EQ(read_word_list("a\nb\r\n\xff").status().message(),
            "line 3 of the list of refused words is not valid UTF-8");
  EXPECT_EQ(read_word_list(std::string_view("\xff\xfe\x61\x00", 4)).status().code(), StatusCode::kInvalidArgument);
}

class FilterTest : public testing::Test {
 protected:
  Pipeline load(LoadOptions options) const {
    options.threads = 1;
    auto pipeline = Pipeline::load(model_.path(), options);
    EXPECT_TRUE(pipeline.ok()) << pipeline.status().message();
    return std::move(*pipeline);
  }

  static Image drawn(Pipeline& pipeline, const GenerateOptions& options = {}) {
    auto image = pipeline.generate("a boat", options);
    EXPECT_TRUE(image.ok()) << image.status().message();
    return image.ok() ? std::move(*image) : Image();
  }

  const SmallModel model_;
};

TEST_F(FilterTest, APromptIsRefusedBeforeAnyWork) {
  bool worked = false;
  Pipeline pipeline = load({.prompt_filter = filter_of({"gun"})});
  GenerateOptions how;
  how.progress = [&](Stage, int, int) { return worked = true; };
  const auto refused = pipeline.generate("a Gun", how);
  EXPECT_EQ(refused.status().code(), StatusCode::kRefused);
  EXPECT_EQ(refused.status().message(), "the prompt has \"gun\", which is on the list of refused words");
  EXPECT_FALSE(worked);
  EXPECT_TRUE(pipeline.generate("a boat", how).ok());
  EXPECT_TRUE(worked);
  EXPECT_EQ(pipeline.generate("gun \xff", how).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(to_string(StatusCode::kRefused), "refused");
}

TEST_F(FilterTest, WithoutAFilterNothingChanges) {
  Pipeline plain = load({}), filtered = load({.prompt_filter = filter_of({"gun"}), .image_filter = [](auto&, auto&) {
                                                return std::optional<std::string>();
                                              }});
  EXPECT_EQ(drawn(plain).pixels, drawn(filtered).pixels);
}

TEST_F(FilterTest, TheNegativePromptMayNameWhatShouldNotBeThere) {
  Pipeline pipeline = load({.prompt_filter = filter_of({"gun"})});
  EXPECT_TRUE(pipeline.generate("a boat", {.guidance = 3.0f, .negative_prompt = "a gun"}).ok());
}

TEST_F(FilterTest, APictureMayBeChanged) {
  for (const PixelFormat format : {PixelFormat::kRgb, PixelFormat::kRgba}) {
    Provenance told;
    Pipeline pipeline = load({.image_filter = [&](const Provenance& how, const MutablePixels& pixels) {
      told = how;
      EXPECT_EQ(pixels.format, format);
      std::fill_n(pixels.data, pixels.width * pixels.height * static_cast<int>(pixels.format), uint8_t{7});
      return std::optional<std::string>();
    }});
    const Image image = drawn(pipeline, {.seed = 3, .format = format});
    EXPECT_EQ(image.pixels, std::vector<uint8_t>(image.pixels.size(), 7));
    EXPECT_EQ(told.prompt, "a boat");
    EXPECT_EQ(told.seed, 3u);
    EXPECT_EQ(image.provenance.prompt, "a boat");

    std::vector<uint8_t> output(image.pixels.size() + 1, 9);
    const Image outside = drawn(pipeline, {.format = format, .output = output.data(), .output_bytes = output.size()});
    EXPECT_TRUE(outside.pixels.empty());
    EXPECT_EQ(output.back(), 9);  // behind the picture
    output.pop_back();
    EXPECT_EQ(output, image.pixels);
  }
}

TEST_F(FilterTest, NothingOfARefusedPictureIsGiven) {
  bool refuses = true, throws = false;
  Pipeline pipeline = load({.image_filter = [&](const Provenance&, const MutablePixels&) -> std::optional<std::string> {
    if (throws) throw std::runtime_error("a classifier's own trouble");
    if (refuses) return "";
    return std::nullopt;
  }});
  std::vector<uint8_t> output(128 * 128 * 3, 9);
  const std::vector<uint8_t> before = output;
  const GenerateOptions how{.output = output.data(), .output_bytes = output.size()};
  const auto refused = pipeline.generate("a boat", how);
  EXPECT_EQ(refused.status().code(), StatusCode::kRefused);
  EXPECT_EQ(refused.status().message(), "the picture was refused");
  EXPECT_EQ(output, before);
  throws = true;
  EXPECT_EQ(pipeline.generate("a boat", how).status().code(), StatusCode::kInternal);
  EXPECT_EQ(output, before);
  throws = refuses = false;
  EXPECT_TRUE(pipeline.generate("a boat", how).ok());
  EXPECT_NE(output, before);
}

TEST_F(FilterTest, APromptFilterThatThrowsLetsNothingPass) {
  for (const Priority priority : {Priority::kNormal, Priority::kBackground}) {
    Pipeline pipeline = load({.priority = priority, .prompt_filter = [](std::string_view prompt) {
                                if (prompt == "a house") throw std::runtime_error("a list's own trouble");
                                return std::optional<std::string>();
                              }});
    EXPECT_EQ(pipeline.generate("a house").status().code(), StatusCode::kInternal);
    EXPECT_TRUE(pipeline.generate("a boat").ok());
  }
}

TEST_F(FilterTest, FiltersAreAskedOnTheThreadThatDraws) {
  for (const Priority priority : {Priority::kNormal, Priority::kBackground}) {
    std::vector<std::thread::id> threads;
    const auto note = [&] {
      threads.push_back(std::this_thread::get_id());
      return std::optional<std::string>();
    };
    Pipeline pipeline = load({.priority = priority,
                              .prompt_filter = [&](auto) { return note(); },
                              .image_filter = [&](auto&, auto&) { return note(); }});
    drawn(pipeline);
    ASSERT_EQ(threads.size(), 2u);
    EXPECT_EQ(threads[0], threads[1]);
    EXPECT_EQ(threads[0] == std::this_thread::get_id(), priority == Priority::kNormal);
  }
}

TEST_F(FilterTest, LiveSessionsAreFiltered) {
  std::atomic<bool> refuses_pictures = false;
  Pipeline pipeline = load({.prompt_filter = filter_of({"gun"}), .image_filter = [&](auto&, auto&) {
                              return refuses_pictures ? std::optional<std::string>("not this one") : std::nullopt;
                            }});
  std::vector<Status> told;
  auto session = LiveSession::start(
      pipeline, {.on_picture = [&](const LivePicture& picture) { told.push_back(picture.image.status()); }});
  ASSERT_TRUE(session.ok());
  const auto submit = [&](const char* prompt) {
    EXPECT_TRUE(session->submit(prompt).ok());
    session->finish();
  };
  submit("a gu");
  submit("a gun");
  submit("a gunboat");
  refuses_pictures = true;
  submit("a boat");
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told[0].ok());
  EXPECT_EQ(told[1].code(), StatusCode::kRefused);
  EXPECT_TRUE(told[2].ok());
  EXPECT_EQ(told[3].message(), "not this one");
}

}  // namespace
}  // namespace mobilediffusion
