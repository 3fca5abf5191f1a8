// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The words that a small model was taught: words.json of its folder, groups of words and phrases. A model without the
// file is taken to know every word.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"

namespace mobilediffusion {

class WordList {
 public:
  using Group = std::pair<std::string, std::vector<std::string>>;

  // Errors: kIoError, kInvalidModel. No file is no error: the list is empty.
  static Result<WordList> load(const SourcePath& model_folder);

  // Of a prompt in UTF-8, in its order and each once, whatever is neither a number nor on the list. Case is folded.
  std::vector<std::string> unknown(std::string_view prompt) const;

  const std::vector<Group>& groups() const { return groups_; }

 private:
  std::vector<Group> groups_;
  std::unordered_set<std::string> known_;
};

}  // namespace mobilediffusion
