// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/filters.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "src/files/guarded.h"
#include "src/text/prompt.h"
#include "src/text/words.h"

namespace mobilediffusion {
namespace {

// A list's entries by their first word.
class RefusedWords {
 public:
  // `words` are the entry's, one at least.
  void add(std::string entry, std::vector<std::string> words) {
    std::string first = words.front();
    phrases_[std::move(first)].push_back({std::move(entry), std::move(words)});
  }

  // The first that stands in the prompt; null: none.
  const std::string* find_in(std::string_view prompt) const {
    const std::vector<std::string> words = plain_words_of(prompt);
    for (auto at = words.begin(); at != words.end(); ++at) {
      const auto found = phrases_.find(*at);
      if (found == phrases_.end()) continue;
      for (const Phrase& phrase : found->second) {
        if (static_cast<size_t>(words.end() - at) >= phrase.words.size() &&
            std::equal(phrase.words.begin(), phrase.words.end(), at))
          return &phrase.entry;
      }
    }
    return nullptr;
  }

 private:
  struct Phrase {
    std::string entry;
    std::vector<std::string> words;
  };

  std::unordered_map<std::string, std::vector<Phrase>> phrases_;
};

Status invalid(const std::string& what) { return {StatusCode::kInvalidArgument, what}; }

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpaces = " \t\v\f";
  const size_t first = line.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace

Result<PromptFilter> word_list_filter(const std::vector<std::string>& words) {
  return guarded([&]() -> Result<PromptFilter> {
    const auto refused = std::make_shared<RefusedWords>();
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string entry = "entry " + std::to_string(i + 1) + " of the list of refused words";
      if (!check_utf8(words[i]).ok()) return invalid(entry + " is not valid UTF-8");
      std::vector<std::string> plain = plain_words_of(words[i]);
      if (plain.empty()) return invalid(entry + " has no letter and no number: \"" + words[i] + "\"");
      refused->add(words[i], std::move(plain));
    }
    return PromptFilter([refused](std::string_view prompt) -> std::optional<std::string> {
      const std::string* const found = refused->find_in(prompt);
      if (found == nullptr) return std::nullopt;
      return "the prompt has \"" + *found + "\", which is on the list of refused words";
    });
  });
}

Result<std::vector<std::string>> read_word_list(std::string_view bytes) {
  return guarded([&]() -> Result<std::vector<std::string>> {
    if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff"))
      return invalid("the list of refused words is UTF-16 text; expected UTF-8");
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    std::vector<std::string> entries;
    for (int number = 1; !bytes.empty(); ++number) {
      const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
      const std::string_view line = trimmed(bytes.substr(0, end));
      if (!check_utf8(line).ok())
        return invalid("line " + std::to_string(number) + " of the list of refused words is not valid UTF-8");
      if (!line.empty() && line.front() != '#') entries.emplace_back(line);
      bytes.remove_prefix(end);
      bytes.remove_prefix(bytes.starts_with("\r\n") ? 2 : bytes.empty() ? 0 : 1);
    }
    return entries;
  });
}

}  // namespace mobilediffusion
