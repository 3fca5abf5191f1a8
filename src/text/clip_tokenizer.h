// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// CLIP's tokenizer: byte-level byte-pair encoding (Sennrich et al., 2016; Radford et al., 2019 and 2021), id for id as
// transformers' fast tokenizer has it.
//
//   text     added tokens cut out (added_tokens.h); NFC; every run of white space one space; lower case
//   words    's 't 're 've 'm 'll 'd | letters+ | one number | anything else+
//            (white space separates, and is dropped)
//   symbols  a word's UTF-8 bytes, each as a printable character; the last carries "</w>"
//   pieces   of the neighbouring symbols that merges.txt lists, the earliest listed is joined, again and again
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/text/added_tokens.h"
#include "src/text/prompt.h"
#include "src/text/tokenizer.h"

namespace mobilediffusion {

// GPT-2's printable stand-in for every byte: itself where it is printable Latin-1, else the next free one from U+0100.
std::vector<std::string> byte_alphabet();

// What a tokenizer folder's files say: every token's id, and the pairs that are joined, the earliest first.
struct ClipVocabulary {
  std::unordered_map<std::string, int> ids;
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<AddedToken> added;  // of tokenizer.json

  // The texts of vocab.json and merges.txt; `origin` names their folder in messages. Ids must be below `vocab_size`,
  // and what a merge names must have one. Errors: kInvalidModel.
  static Result<ClipVocabulary> parse(std::string_view vocab, std::string_view merges, const std::string& origin,
                                      int vocab_size);

  // The text of tokenizer.json, the tokenizers library's one file for both; `origin` names it. kUnsupported where its
  // model is no byte-pair encoding.
  static Result<ClipVocabulary> parse_json(std::string_view text, const std::string& origin, int vocab_size);

 private:
  // Each refuses what it is given with the place where it stands.
  Status add(const std::string& token, const nlohmann::json& id, const std::string& origin, int vocab_size);
  Status add_merge(std::string_view line, const std::string& place, const std::string& lacking);
  Status add_merge(const std::string& left, const std::string& right, const std::string& place,
                   const std::string& lacking);
};

// By whose rules added tokens are found: those of the library's CLIPTokenizer over vocab.json and merges.txt, or of the
// tokenizers library, which reads tokenizer.json, over the normal form of the text.
enum class TokenizerRules { kSlow, kFast };

class ClipTokenizer : public Tokenizer {
 public:
  // `added` with ids. CLIP's own start and end are cut out in any case.
  static std::unique_ptr<Tokenizer> make(const ClipVocabulary& vocabulary, const SpecialTokens& special,
                                         std::vector<AddedToken> added = {}, int unknown = -1,
                                         TokenizerRules rules = TokenizerRules::kSlow);

  // The same from the texts of vocab.json and merges.txt.
  static Result<std::unique_ptr<Tokenizer>> parse(std::string_view vocab, std::string_view merges,
                                                  const std::string& origin, const SpecialTokens& special,
                                                  int vocab_size);

  Result<TokenizedPrompt> encode(std::string_view prompt, int length) const override;

 private:
  struct Merge {
    int rank;  // earlier in merges.txt is lower
    int id;    // of what the two become
  };

  ClipTokenizer() = default;
  void append_words(const std::vector<int32_t>& normal, std::vector<int>* ids) const;
  void append_word(std::string_view bytes, std::vector<int>* ids) const;

  SpecialTokens special_;
  TokenizerRules rules_ = TokenizerRules::kSlow;
  AddedTokens in_text_;                         // cut out of the text as it is
  AddedTokens in_normal_form_;                  // of tokenizer.json
  int start_ = 0, end_ = 0;                     // what CLIP's own are read as
  std::unordered_map<int, int> added_pieces_;   // of CLIPTokenizer: a piece that is written like an added token is it
  int byte_ids_[256];                           // of a byte within a word
  int last_byte_ids_[256];                      // of a byte at its end
  std::unordered_map<uint64_t, Merge> merges_;  // by the left id and the right id
};

}  // namespace mobilediffusion
