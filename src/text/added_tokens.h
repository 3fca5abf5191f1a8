// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Tokens that stand for themselves wherever a prompt has them: special ones, and those that training added to a
// vocabulary (textual inversion: Gal et al., 2022). They are cut out of a prompt before the rest becomes words. The
// transformers library cuts in two ways, which differ in a few prompts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion {

struct AddedToken {
  std::string content;
  int id = -1;               // negative: the vocabulary's, or the next free one
  bool single_word = false;  // not within a word
  bool left_strip = false;   // takes the white space on its left along
  bool right_strip = false;
  bool normalized = true;  // is looked for in the text's normal form; of tokenizer.json alone
};

class AddedTokens {
 public:
  struct Piece {
    std::string text;
    int id = -1;  // of the token; negative: text that is none
  };

  AddedTokens() : nodes_(1) {}
  // What has no content is left out; of two with the same content the later one counts.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // The pieces of a text in valid UTF-8, in its order: the leftmost token first, and of those that begin there the
  // longest. "Slow" is the way of the tokenizers in Python, by which a single word has a space (or nothing) on either
  // side; "fast" that of the tokenizers library, by which it must not touch a letter, a digit or an underscore.
  std::vector<Piece> split_slow(std::string_view text) const;
  std::vector<Piece> split_fast(std::string_view text) const;

 private:
  struct Node {
    std::map<char, size_t> next;
    int token = -1;  // that ends here
  };
  struct Match {
    size_t begin, end;
    const AddedToken* token;
  };

  std::vector<Match> find(std::string_view text) const;
  const AddedToken* find_whole(std::string_view text) const;

  std::vector<AddedToken> tokens_;
  std::vector<Node> nodes_;  // the first is the root
};

}  // namespace mobilediffusion
