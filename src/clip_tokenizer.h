// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// CLIP's tokenizer: byte-level byte-pair encoding (Sennrich et al., 2016; Radford et al., 2019 and 2021), id for id as
// transformers' fast tokenizer has it.
//
//   text     special tokens cut out; NFC; every run of white space one space; lower case
//   words    's 't 're 've 'm 'll 'd | letters+ | one number | anything else+      (white space separates, and is
//   dropped) symbols  a word's UTF-8 bytes, each as a printable character; the last carries "</w>" pieces   of the
//   neighbouring symbols that merges.txt lists, the earliest listed is joined, again and again
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/prompt.h"
#include "src/tokenizer.h"

namespace mobilediffusion {

// GPT-2's printable stand-in for every byte: itself where it is printable Latin-1, else the next free one from U+0100.
std::vector<std::string> byte_alphabet();

class ClipTokenizer : public Tokenizer {
 public:
  // The texts of vocab.json and merges.txt; `origin` names their folder in messages. Ids must be below `vocab_size`.
  // Errors: kInvalidModel.
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
  void append_text(std::string_view text, std::vector<int>* ids) const;
  void append_word(std::string_view bytes, std::vector<int>* ids) const;

  SpecialTokens special_;
  int unknown_ = 0;
  int byte_ids_[256];                           // of a byte within a word
  int last_byte_ids_[256];                      // of a byte at its end
  std::unordered_map<uint64_t, Merge> merges_;  // by the left id and the right id
};

}  // namespace mobilediffusion
