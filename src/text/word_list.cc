// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/word_list.h"

#include <algorithm>

#include "src/files/json_document.h"
#include "src/text/words.h"

namespace mobilediffusion {
namespace {

bool is_number(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<WordList> WordList::load(const SourcePath& model_folder) {
  const SourcePath path = model_folder / "words.json";
  WordList list;
  if (!path.exists()) return list;
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  const JsonDocument document(*text);
  const auto invalid = [&path](const std::string& what) { return Status(StatusCode::kInvalidModel, path.string() + what); };
  const std::string no_lists = ": expected every group to be a list of strings";
  if (document.too_deep()) return invalid(no_lists);
  if (!document.root().is_object()) return invalid(" is no JSON object");
  for (const auto& member : document.in_order(document.root())) {
    if (!member->is_array()) return invalid(no_lists);
    Group& group = list.groups_.emplace_back(member.key(), std::vector<std::string>());
    for (const auto& phrase : *member) {
      if (!phrase.is_string()) return invalid(no_lists);
      group.second.push_back(phrase.get<std::string>());
      for (std::string& word : words_of(group.second.back())) list.known_.insert(std::move(word));
    }
  }
  return list;
}

std::vector<std::string> WordList::unknown(std::string_view prompt) const {
  std::vector<std::string> found;
  if (known_.empty()) return found;
  std::unordered_set<std::string> seen;
  for (std::string& word : words_of(prompt)) {
    if (is_number(word) || known_.count(word) != 0 || !seen.insert(word).second) continue;
    found.push_back(std::move(word));
  }
  return found;
}

}  // namespace mobilediffusion
