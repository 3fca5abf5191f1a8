// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/word_list.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

namespace mobilediffusion {
namespace {

constexpr size_t kMostBytes = 4096;  // more than any text encoder reads; utf8proc takes the square of piled-up marks

bool belongs_to_a_word(utf8proc_category_t category) {
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO);  // letters, marks and numbers
}

// The words of the beginning of a text, case folded. Text that is not valid UTF-8 has none.
std::vector<std::string> words_of(std::string_view text) {
  text = text.substr(0, kMostBytes);
  utf8proc_uint8_t* folded = nullptr;
  const auto size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()), &folded,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(folded, &std::free);
  std::vector<std::string> words;
  bool inside = false;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t c = 0;
    const auto bytes = utf8proc_iterate(folded + at, size - at, &c);
    if (bytes <= 0) break;
    if (!belongs_to_a_word(utf8proc_category(c))) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      words.back().append(reinterpret_cast<const char*>(folded + at), static_cast<size_t>(bytes));
    }
    at += bytes;
  }
  return words;
}

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
  const auto groups = nlohmann::ordered_json::parse(*text, nullptr, /*allow_exceptions=*/false);
  const auto invalid = [&path](const std::string& what) { return Status(StatusCode::kInvalidModel, path.string() + what); };
  if (!groups.is_object()) return invalid(" is no JSON object");
  for (const auto& [name, phrases] : groups.items()) {
    if (!phrases.is_array()) return invalid(": expected every group to be a list of strings");
    Group& group = list.groups_.emplace_back(name, std::vector<std::string>());
    for (const auto& phrase : phrases) {
      if (!phrase.is_string()) return invalid(": expected every group to be a list of strings");
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
