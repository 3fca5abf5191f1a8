// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Regular expressions over the names of layers, as PEFT's settings have them, in time in proportion to a name's length
// whatever the expression (Thompson, "Regular Expression Search Algorithm", 1968): files are not ours, and std::regex
// may take forever or run out of stack.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

class NamePattern {
 public:
  // Python's syntax without backreferences, look-around and inline flags. Errors: kUnsupported, with the place where
  // it stands.
  static Result<NamePattern> parse(std::string_view expression);

  // Whether it describes the name, or its end from behind a dot on: "to_q" does "attn1.to_q".
  bool matches(std::string_view name) const;

 private:
  friend class NamePatternParser;

  struct Step {
    enum Kind { kCharacter, kEither, kBegin, kEnd, kDone } kind = kDone;
    std::bitset<256> characters = {};  // of kCharacter, which goes on to `next`
    size_t next = 0, other = 0;        // kEither goes on to both
  };

  void follow(size_t step, bool at_begin, bool at_end, std::vector<bool>& seen, std::vector<size_t>& steps) const;

  std::string end_;     // of names, where the expression has nothing but letters and dots, which are any character
  bool whole_ = false;  // and these are the whole name
  std::vector<Step> steps_;
  size_t first_ = 0;
};

}  // namespace mobilediffusion
