// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Both kinds of tokenizer on prompts of every kind. CLIP's own vocabulary is clip_tokenizer_test.cc's; here are the
// stand-in, and a SentencePiece model of a dozen pieces, written byte by byte.
#include <gtest/gtest.h>
#include <utf8proc.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "src/text/clip_tokenizer.h"
#include "src/text/stand_in_tokenizer.h"
#include "src/text/tokenizer.h"
#include "tests/slowdown.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

constexpr int kLength = 77;

// One field of a protocol buffer: text, a number, a float.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string field(int number, const std::string& text) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(text.size()) + text;
}
std::string field(int number, uint64_t value) { return varint(static_cast<uint64_t>(number) << 3) + varint(value); }
std::string field(int number, float value) {
  std::string bytes = varint(static_cast<uint64_t>(number) << 3 | 5);
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(std::bit_cast<uint32_t>(value) >> (8 * i));
  return bytes;
}

// sentencepiece_model.proto's ModelProto: pieces (text, score, type), a unigram model, and the normalizer's defaults.
std::string sentencepiece_model() {
  constexpr uint64_t kUnknown = 2;
  std::string model = field(1, field(1, std::string("<unk>")) + field(2, 0.0f) + field(3, kUnknown));
  float score = -1;
  for (const char* piece : {"\u2581boat", "\u2581red", "\u2581", "a", "b", "d", "e", "o", "r", "t"}) {
    model += field(1, field(1, std::string(piece)) + field(2, score));
    score -= 1;
  }
  return model + field(2, field(3, uint64_t{1})) + field(3, field(1, std::string("identity")));
}
constexpr int kPieces = 11;

// What both kinds must do: the parameter is the kind.
class TokenizersTest : public testing::TestWithParam<bool> {
 protected:
  TokenizersTest() {
    config_.vocab_size = 600;
    config_.max_position_embeddings = kLength;
    config_.bos_token_id = 598;
    config_.eos_token_id = 599;
    config_.pad_token_id = 597;
    if (GetParam()) {
      folder_.write("tokenizer.model", sentencepiece_model());
    } else {
      EXPECT_TRUE(write_stand_in_tokenizer(folder_.path(), config_).ok());
    }
    auto loaded = load_tokenizer(folder_.path(), config_);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    if (loaded.ok()) tokenizer_ = std::move(*loaded);
  }
  void SetUp() override { ASSERT_NE(tokenizer_, nullptr); }

  // Whatever the prompt: so many ids, each of the vocabulary, the start first, and an end behind the last token.
  TokenizedPrompt encode(const std::string& prompt, int length = kLength) const {
    const auto found = tokenizer_->encode(prompt, length);
    EXPECT_TRUE(found.ok()) << found.status().message();
    if (!found.ok()) return {};
    EXPECT_EQ(found->ids.size(), static_cast<size_t>(length));
    EXPECT_EQ(found->ids.front(), 598);
    const int kept = std::min(found->prompt_tokens, length - 2);
    EXPECT_EQ(found->ids[static_cast<size_t>(kept) + 1], 599) << prompt.substr(0, 100);
    for (size_t i = static_cast<size_t>(kept) + 2; i < found->ids.size(); ++i) EXPECT_EQ(found->ids[i], 597);
    for (const int id : found->ids) EXPECT_TRUE(id >= 0 && id < config_.vocab_size) << id;
    EXPECT_TRUE(found->truncated || found->prompt_tokens <= length - 2);
    if (prompt.size() <= 1 << 16) {  // more than this may be left unread
      EXPECT_EQ(found->truncated, found->prompt_tokens > length - 2);
    }
    return *found;
  }

  std::string refusal(const std::string& prompt) const {
    const auto found = tokenizer_->encode(prompt, kLength);
    EXPECT_EQ(found.status().code(), StatusCode::kInvalidArgument) << prompt;
    return found.status().message();
  }

  TemporaryFolder folder_;
  TextEncoderConfig config_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(TokenizersTest, AnEmptyPromptIsStartEndAndPadding) {
  for (const char* prompt : {"", " ", " \t  \n "}) {
    const TokenizedPrompt empty = encode(prompt);
    if (GetParam() && *prompt != '\0') continue;  // its blank is a piece
    std::vector<int> expected(kLength, 597);
    expected[0] = 598;
    expected[1] = 599;
    EXPECT_EQ(empty.ids, expected) << "\"" << prompt << "\"";
    EXPECT_EQ(empty.prompt_tokens, 0);
  }
}

TEST_P(TokenizersTest, TenThousandWordsAreCutAndTold) {
  std::string words = "red boat";
  for (int i = 2; i < 10000; ++i) words += " boat";
  const TokenizedPrompt cut = encode(words);
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.prompt_tokens, GetParam() ? 10000 : 39999);
  const TokenizedPrompt start = encode(words.substr(0, 1000));
  EXPECT_EQ(cut.ids, start.ids);
}

TEST_P(TokenizersTest, CutsWhereItMustAndNotBefore) {
  const int tokens = encode("red boat").prompt_tokens;
  ASSERT_GE(tokens, 2);
  EXPECT_FALSE(encode("red boat", tokens + 2).truncated);
  EXPECT_TRUE(encode("red boat", tokens + 1).truncated);
  EXPECT_TRUE(encode("red boat", 3).truncated);
  EXPECT_TRUE(encode("red boat", 2).truncated);
  EXPECT_FALSE(encode("", 2).truncated);
}

TEST_P(TokenizersTest, WrongUtf8IsRefusedWithItsPlace) {
  for (const std::string wrong : {"\xff", "\xfe", "\x80", "\xbf",          // no first byte
                                  "\xc3", "\xe2\x82", "\xf0\x9f\x90",      // cut short
                                  "\xc3x", "\xe2\x82x", "\xf0\x9f\x90x",   // broken off
                                  "\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf",  // longer than need be
                                  "\xf0\x80\x80\xaf", "\xed\xa0\x80",      // a surrogate
                                  "\xed\xbf\xbf", "\xf4\x90\x80\x80",      // beyond Unicode
                                  "\xf8\x88\x80\x80\x80"}) {
    for (const std::string before : {"", "a boat ", "h\u00fctte \U0001F6A4"}) {
      for (const char* after : {"", " behind"}) {
        const std::string message = refusal(before + wrong + after);
        EXPECT_TRUE((message + " ").find("byte " + std::to_string(before.size()) + " ") != std::string::npos)
            << message;
      }
    }
  }
}

TEST_P(TokenizersTest, NulIsACharacterLikeOthers) {
  const TokenizedPrompt alone = encode(std::string(1, '\0'));
  EXPECT_GE(alone.prompt_tokens, 1);
  // what stands behind it is read
  EXPECT_NE(encode(std::string("red\0boat", 8)).ids, encode("red").ids);
  EXPECT_GT(encode(std::string("red\0boat", 8)).prompt_tokens, encode("red").prompt_tokens);
}

TEST_P(TokenizersTest, OddUnicode) {
  for (const std::string prompt :
       {"\ufeffboat", "\u202eboat\u202c", "\u200d\u200b", "\U0001F469\u200d\U0001F680", "e\u0301\u0327\u0323", "\u0301",
        "\ufffd", "\uffff", "\U0010ffff", "\U000e0001", "\U0001d54f", "\u0130\u0131\u1e9e\ufb03",
        "\u65e5\u672c\u306e\u8239", "\u0627\u0644\u0642\u0627\u0631\u0628", "\u2028\u2029\u0085\u00a0\u3000",
        "\x01\x1b[31m\x7f", "\r\n\t\v\f"}) {
    encode(prompt);
    encode("a " + prompt + " boat" + prompt);
  }
}

// One word of many letters, or of what no piece covers: ctest's limit would notice the square of their number.
TEST_P(TokenizersTest, LongWordsAreCut) {
  EXPECT_TRUE(encode(std::string(1 << 18, 'a')).truncated);
  EXPECT_EQ(encode(std::string(1 << 16, '\'')).truncated, !GetParam());  // to SentencePiece one unknown
  std::string special;
  while (special.size() < 1 << 18) special += "<|endoftext|>";
  EXPECT_TRUE(encode(special).truncated);
  std::string uncovered;
  while (uncovered.size() < 3 << 20) uncovered += "\u8239";  // three bytes: the cut falls within one
  EXPECT_TRUE(encode(uncovered).truncated);
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizersTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "SentencePiece" : "StandIn"; });

// The stand-in alone.

class StandInTest : public testing::Test {
 protected:
  std::unique_ptr<Tokenizer> make(int vocab_size, int start, int end) {
    TextEncoderConfig config;
    config.vocab_size = vocab_size;
    config.bos_token_id = start;
    config.eos_token_id = config.pad_token_id = end;
    EXPECT_TRUE(write_stand_in_tokenizer(folder_.path(), config).ok());
    auto loaded = load_tokenizer(folder_.path(), config);
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    return loaded.ok() ? std::move(*loaded) : nullptr;
  }

  TemporaryFolder folder_;
};

TEST_F(StandInTest, GivesEveryByteATokenOfItsOwn) {
  const auto tokenizer = make(600, 598, 599);
  ASSERT_NE(tokenizer, nullptr);
  // within a word the byte's place in the alphabet, at its end 256 more
  EXPECT_EQ(tokenizer->encode("ab c", 8)->ids, (std::vector<int>{598, 'a', 'b' + 256, 'c' + 256, 599, 599, 599, 599}));
  EXPECT_EQ(tokenizer->encode("\u00fc", 5)->ids, (std::vector<int>{598, 0xc3, 0xbc + 256, 599, 599}));
  EXPECT_EQ(tokenizer->encode("x<|startoftext|>", 6)->ids, (std::vector<int>{598, 'x' + 256, 598, 599, 599, 599}));
}

// Composed or not, and whatever the order of the marks above a letter, a text is one text: NFC by utf8proc's own hand.
TEST_F(StandInTest, NormalizesAsUtf8procDoes) {
  const auto tokenizer = make(600, 598, 599);
  ASSERT_NE(tokenizer, nullptr);
  const std::vector<std::string> parts = {
      "a",      "E",      " ",      "\u0301", "\u0327", "\u0323", "\u0308", "\u0345",     "\u00e9", "\u1e9b", "\u0958",
      "\u1100", "\u1161", "\u11a8", "\uac00", "\u03b1", "\u1fb7", "\u2126", "\U0001d15e", "\u05b0", "\u0130", "\ufb1d"};
  uint32_t state = 1;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (int j = 0; j < 9; ++j) {
      state = state * 1664525u + 1013904223u;
      text += parts[(state >> 16) % parts.size()];
    }
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> composed(
        utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str())), &std::free);
    const auto as_it_is = tokenizer->encode(text, kLength),
               as_composed = tokenizer->encode(reinterpret_cast<const char*>(composed.get()), kLength);
    ASSERT_TRUE(as_it_is.ok() && as_composed.ok());
    EXPECT_EQ(as_it_is->ids, as_composed->ids) << text;
  }
  EXPECT_EQ(tokenizer->encode("e\u0301", 5)->ids, tokenizer->encode("\u00e9", 5)->ids);
  EXPECT_EQ(tokenizer->encode("a\u0301\u0327", 8)->ids, tokenizer->encode("a\u0327\u0301", 8)->ids);
  EXPECT_NE(tokenizer->encode("a\u0301\u0308", 8)->ids,
            tokenizer->encode("a\u0308\u0301", 8)->ids);  // of one class: theirs is the order
}

// Marks piled up a hundred thousand high are sorted in no more time than sorting takes.
TEST_F(StandInTest, PilesOfMarksTakeTimeInProportion) {
  const auto tokenizer = make(600, 598, 599);
  ASSERT_NE(tokenizer, nullptr);
  std::string pile = "a";
  for (int i = 0; i < 100'000; ++i) pile += "\u0301\u0327";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(tokenizer->encode(pile, kLength)->truncated);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5 * kSlowdown));
}

TEST_F(StandInTest, FitsTheSmallestVocabularies) {
  for (const int size : {1, 2, 3, 10, 300, 514}) {
    const auto tokenizer = make(size, std::max(0, size - 2), size - 1);
    ASSERT_NE(tokenizer, nullptr) << size;
    const auto prompt = tokenizer->encode("two red boats \u8239", kLength);
    ASSERT_TRUE(prompt.ok());
    for (const int id : prompt->ids) EXPECT_TRUE(id >= 0 && id < size) << id << " of " << size;
  }
}

TEST_F(StandInTest, AFolderThatIsMissingIsNamed) {
  const Status status = write_stand_in_tokenizer(folder_.path("none"), TextEncoderConfig{.vocab_size = 3});
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_NE(status.message().find(folder_.path("none")), std::string::npos) << status.message();
}

// CLIP's two files, damaged.

class ClipFilesTest : public testing::Test {
 protected:
  static void expect_refused(const std::string& vocab, const std::string& merges, const std::string& saying) {
    const auto loaded = ClipTokenizer::parse(vocab, merges, "tokenizer", {.start = 8, .end = 9, .pad = 9}, 10);
    ASSERT_FALSE(loaded.ok()) << saying;
    EXPECT_EQ(loaded.status().code(), StatusCode::kInvalidModel);
    EXPECT_NE(loaded.status().message().find(saying), std::string::npos) << loaded.status().message();
    EXPECT_LT(loaded.status().message().size(), 300u);
  }
};

TEST_F(ClipFilesTest, AreRefusedWithTheirPlace) {
  const std::string vocab = R"({"a":0,"b</w>":1,"ab</w>":2})";
  EXPECT_TRUE(
      ClipTokenizer::parse(vocab, "#version: 0.2\r\na b</w>\r\n\n", "tokenizer", {.start = 8, .end = 9, .pad = 9}, 10)
          .ok());
  for (const char* bad : {"", "{", "[]", "{}", "7", "{\"a\":\xff}"}) expect_refused(bad, "", "tokenizer/vocab.json");
  expect_refused(R"({"a":10})", "", "the id 10; expected 0 to 9");
  expect_refused(R"({"a":-1})", "", "the id -1; expected 0 to 9");
  expect_refused(R"({"a":0.5})", "", "the id 0.5; expected 0 to 9");
  expect_refused(R"({"a":18446744073709551615})", "", "expected 0 to 9");
  expect_refused(R"({"a":"0"})", "", "expected 0 to 9");
  expect_refused(vocab, "a b</w>\na\n", "merges.txt, line 2: expected two tokens");
  expect_refused(vocab, "a b c\n", "line 1: expected two tokens");
  expect_refused(vocab, "\na c</w>\n", "line 2: vocab.json lacks the token \"c</w>\"");
  expect_refused(vocab, "b</w> a\n", "lacks the token \"b</w>a\"");
  expect_refused(vocab, " \n", "lacks the token \"\"");
  expect_refused(vocab, "a " + std::string(1 << 20, 'x'), "lacks the token \"xxx");
  expect_refused("{\"" + std::string(1 << 20, 'x') + "\":10}", "", "expected 0 to 9");
  expect_refused("{\"a\":\"" + std::string(1 << 20, 'x') + "\"}", "", "expected 0 to 9");
}

TEST_F(ClipFilesTest, NestingWithoutEndIsRefused) {
  expect_refused("{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}", "",
                 "tokenizer/vocab.json");
}

// The folder's files about special tokens, and tokenizer.json.

class ClipFolderTest : public testing::Test {
 protected:
  static constexpr const char* kVocab =
      R"({"!":0,"a":1,"b</w>":2,"ab</w>":3,"<|startoftext|>":8,"<|endoftext|>":9,"<pad>":4})";

  void write_clip() {
    folder_.write("vocab.json", kVocab);
    folder_.write("merges.txt", "#version: 0.2\na b</w>\n");
  }
  // Of "ab", six long, where the text encoder's configuration is wrong as Stable Diffusion 1's is.
  std::vector<int> ids() {
    const auto loaded =
        load_tokenizer(folder_.path(), {.vocab_size = 10, .bos_token_id = 0, .eos_token_id = 2, .pad_token_id = 1});
    EXPECT_TRUE(loaded.ok()) << loaded.status().message();
    return loaded.ok() ? (*loaded)->encode("ab", 6)->ids : std::vector<int>();
  }
  Status refusal() {
    return load_tokenizer(folder_.path(), {.vocab_size = 10, .bos_token_id = 0, .eos_token_id = 2, .pad_token_id = 1})
        .status();
  }

  TemporaryFolder folder_;
};

TEST_F(ClipFolderTest, SpecialTokensAreClipsWhereNoFileSays) {
  write_clip();
  EXPECT_EQ(ids(), (std::vector<int>{8, 3, 9, 9, 9, 9}));
}

TEST_F(ClipFolderTest, TheFolderNamesItsSpecialTokens) {
  write_clip();
  folder_.write("tokenizer_config.json", R"({"pad_token": "!", "bos_token": {"content": "<|startoftext|>"}})");
  EXPECT_EQ(ids(), (std::vector<int>{8, 3, 9, 0, 0, 0}));
  folder_.write("special_tokens_map.json", R"({"pad_token": {"content": "<pad>"}})");
  EXPECT_EQ(ids(), (std::vector<int>{8, 3, 9, 4, 4, 4}));
  folder_.write("tokenizer_config.json", R"({"pad_token": "!", "added_tokens_decoder": {"0": {"content": "!"}}})");
  EXPECT_EQ(ids(), (std::vector<int>{8, 3, 9, 0, 0, 0}));
}

TEST_F(ClipFolderTest, WrongSpecialTokensAreNamed) {
  write_clip();
  std::string full = kVocab;  // every row of the table has its token
  full.insert(1, R"("c":5,"d":6,"e":7,)");
  folder_.write("vocab.json", full);
  folder_.write("tokenizer_config.json", R"({"pad_token": "[PAD]"})");
  EXPECT_NE(refusal().message().find("[PAD]"), std::string::npos) << refusal().message();
  folder_.write("tokenizer_config.json", R"({"eos_token": 7})");
  EXPECT_NE(refusal().message().find("tokenizer_config.json has a wrong \"eos_token\""), std::string::npos)
      << refusal().message();
  folder_.write("tokenizer_config.json", "{");
  EXPECT_EQ(refusal().code(), StatusCode::kInvalidModel);
}

TEST_F(ClipFolderTest, TokenizerJsonIsTheSame) {
  for (const char* merges : {R"(["a b</w>"])", R"([["a", "b</w>"]])"}) {
    folder_.write("tokenizer.json",
                  std::string(R"({"added_tokens": [{"id": 8, "content": "<|startoftext|>"}, )") +
                      R"({"id": 9, "content": "<|endoftext|>"}], "model": {"type": "BPE", "vocab": )" +
                      R"({"!": 0, "a": 1, "b</w>": 2, "ab</w>": 3}, "merges": )" + merges + "}}");
    EXPECT_EQ(ids(), (std::vector<int>{8, 3, 9, 9, 9, 9})) << merges;
  }
}

TEST_F(ClipFolderTest, WrongTokenizerJsonIsNamed) {
  for (const auto& [text, saying] :
       {std::pair{R"({})", "has no \"vocab\""},
        std::pair{R"({"model": {"type": "Unigram"}})", "Unigram; supported: BPE"},
        std::pair{R"({"model": {"vocab": {"a": 0}}})", "has no list of \"merges\""},
        std::pair{R"({"model": {"vocab": {"a": 10}, "merges": []}})", "the id 10; expected 0 to 9"},
        std::pair{R"({"model": {"vocab": {"a": 0}, "merges": ["a b"]}})", "lacks the token \"b\""},
        std::pair{R"({"model": {"vocab": {"a": 0}, "merges": [["a"]]}})", "merge 0: expected two tokens"},
        std::pair{R"({"model": {"vocab": {"a": 0}, "merges": []}, "added_tokens": [{"id": 1}]})", "added_tokens"},
        std::pair{"[", "is not valid JSON"}}) {
    folder_.write("tokenizer.json", text);
    EXPECT_NE(refusal().message().find(saying), std::string::npos) << refusal().message();
    EXPECT_NE(refusal().message().find("tokenizer.json"), std::string::npos) << refusal().message();
  }
}

// SentencePiece alone.

TEST(SentencePieceTest, JoinsPieces) {
  const TemporaryFolder folder;
  folder.write("tokenizer.model", sentencepiece_model());
  const auto loaded =
      load_tokenizer(folder.path(), {.vocab_size = 20, .bos_token_id = 18, .eos_token_id = 19, .pad_token_id = 17});
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  const auto prompt = (*loaded)->encode("red boat xa", 8);
  ASSERT_TRUE(prompt.ok());
  EXPECT_EQ(prompt->ids, (std::vector<int>{18, 2, 1, 3, 0, 4, 19, 17}));  // red, boat, blank, unknown, a
  EXPECT_EQ(prompt->prompt_tokens, 5);
}

TEST(SentencePieceTest, MoreWordsThanTheTextEncoderKnows) {
  const TemporaryFolder folder;
  folder.write("tokenizer.model", sentencepiece_model());
  EXPECT_TRUE(load_tokenizer(folder.path(), {.vocab_size = kPieces}).ok());
  const auto loaded = load_tokenizer(folder.path(), {.vocab_size = kPieces - 1});
  EXPECT_EQ(loaded.status().code(), StatusCode::kInvalidModel);
  EXPECT_NE(loaded.status().message().find("has 11 pieces; the text encoder's vocab_size is 10"), std::string::npos)
      << loaded.status().message();
}

// Damaged, it is refused, or encodes within the vocabulary, and in neither case does the library print.
TEST(SentencePieceTest, DamagedModelsAreRefusedInSilence) {
  const std::string whole = sentencepiece_model();
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const auto attempt = [](const std::string& model) {
    const TemporaryFolder folder;
    folder.write("tokenizer.model", model);
    const auto loaded = load_tokenizer(folder.path(), {.vocab_size = 20});
    if (!loaded.ok()) {
      EXPECT_EQ(loaded.status().code(), StatusCode::kInvalidModel);
      EXPECT_NE(loaded.status().message().find("tokenizer.model"), std::string::npos) << loaded.status().message();
      return false;
    }
    const auto prompt = (*loaded)->encode("red boat xyz \u8239", kLength);
    if (prompt.ok()) {
      for (const int id : prompt->ids) EXPECT_TRUE(id >= 0 && id < 20) << id;
    }
    return true;
  };
  EXPECT_TRUE(attempt(whole));
  EXPECT_FALSE(attempt(""));
  EXPECT_FALSE(attempt("no model"));
  EXPECT_FALSE(attempt(std::string(91, 'x')));
  EXPECT_FALSE(attempt(std::string(91, '\0')));
  EXPECT_FALSE(attempt(std::string(5000, '\xff')));
  EXPECT_FALSE(attempt("version https://git-lfs.github.com/spec/v1\noid sha256:0123456789abcdef\nsize 12345678\n"));
  for (size_t size = 1; size < whole.size(); size += 3) attempt(whole.substr(0, size));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ (at % 2 == 0 ? 1 : 255));
    attempt(bytes);
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(TokenizerFolderTest, WhatIsMissingIsNamed) {
  const TemporaryFolder folder;
  const TextEncoderConfig config{.vocab_size = 20};
  const auto told = [&](StatusCode code, const std::string& saying) {
    const auto loaded = load_tokenizer(folder.path(), config);
    EXPECT_EQ(loaded.status().code(), code) << loaded.status().message();
    EXPECT_NE(loaded.status().message().find(folder.path()), std::string::npos) << loaded.status().message();
    EXPECT_NE(loaded.status().message().find(saying), std::string::npos) << loaded.status().message();
  };
  told(StatusCode::kNotFound, "neither tokenizer.model nor vocab.json with merges.txt nor tokenizer.json");
  folder.write("vocab.json", "{\"a\":0}");
  told(StatusCode::kNotFound, "merges.txt");
  folder.write("merges.txt", "");
  told(StatusCode::kInvalidModel, "merges.txt is empty");
  folder.write("merges.txt", "#version: 0.2\n");
  EXPECT_TRUE(load_tokenizer(folder.path(), config).ok());
  std::filesystem::create_directory(folder.path("tokenizer.model"));
  told(StatusCode::kIoError, "tokenizer.model");
}

}  // namespace
}  // namespace mobilediffusion
