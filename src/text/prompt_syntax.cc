// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/prompt_syntax.h"

#include <algorithm>
#include <optional>

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

constexpr size_t kMostPromptBytes = 65536;  // what a tokenizer reads

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of UTF-8: every byte of a character that is not ASCII belongs to a word.
bool belongs_to_a_word(char c) { return is_letter(c) || is_digit(c) || c == '_' || (c & 0x80) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_number(std::string_view text) {
  text = trimmed(text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return std::any_of(text.begin(), text.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_weighted(std::string_view inside) {
  const size_t colon = inside.find_last_of(':');
  return colon != std::string_view::npos && colon > 0 && is_number(inside.substr(colon + 1));
}

// The first pair of brackets, the inner one where they are nested, whose inside fits; with its brackets. A backslash
// makes a bracket a letter.
template <typename Fits>
std::optional<std::string_view> find_bracketed(std::string_view prompt, char open, char close, const Fits& fits) {
  size_t begin = std::string_view::npos;
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (prompt[i] == '\\') {
      ++i;
    } else if (prompt[i] == open) {
      begin = i;
    } else if (prompt[i] == close && begin != std::string_view::npos) {
      if (fits(prompt.substr(begin + 1, i - begin - 1))) return prompt.substr(begin, i + 1 - begin);
      begin = std::string_view::npos;
    }
  }
  return std::nullopt;
}

// "((red))": two brackets and what is between them and the first that closes.
std::optional<std::string_view> find_doubled(std::string_view prompt, std::string_view open, std::string_view close) {
  const size_t begin = prompt.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  const size_t end = prompt.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return prompt.substr(begin, end + close.size() - begin);
}

bool stands_alone(std::string_view prompt, size_t at, size_t size) {
  return (at == 0 || !belongs_to_a_word(prompt[at - 1])) &&
         (at + size == prompt.size() || !belongs_to_a_word(prompt[at + size]));
}

std::optional<std::string_view> find_word(std::string_view prompt, std::string_view word) {
  for (size_t at = prompt.find(word); at != std::string_view::npos; at = prompt.find(word, at + 1)) {
    if (stands_alone(prompt, at, word.size())) return prompt.substr(at, word.size());
  }
  return std::nullopt;
}

// "word++", "(two words)1.3": the weights of another library.
std::optional<std::string_view> find_suffix_weight(std::string_view prompt) {
  constexpr size_t kNone = std::string_view::npos;
  size_t bracket = kNone, word = kNone;  // where the last one opened; where the word that goes on began
  for (size_t i = 0; i < prompt.size(); ++i) {
    const char c = prompt[i];
    if (bracket != kNone && i > bracket && prompt[i - 1] == ')' && is_digit(c)) {
      size_t end = i;
      while (end < prompt.size() && (is_digit(prompt[end]) || prompt[end] == '.')) ++end;
      return prompt.substr(bracket, end - bracket);
    }
    const bool doubled = (c == '+' || c == '-') && i + 1 < prompt.size() && prompt[i + 1] == c;
    const bool at_end = i + 2 >= prompt.size() || !belongs_to_a_word(prompt[i + 2]);  // "well--known" is a dash
    if (doubled && at_end && word != kNone && i > word + 1) return prompt.substr(word, i + 2 - word);  // C++ is a word
    if (c == '(') bracket = i;
    if (!belongs_to_a_word(c)) word = kNone;
    if (belongs_to_a_word(c) && word == kNone) word = i;
  }
  return std::nullopt;
}

// The name in "<name:rest>"; empty where it is no such tag.
std::string_view tag_name(std::string_view inside) {
  const size_t colon = inside.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view name = inside.substr(0, colon);
  return std::all_of(name.begin(), name.end(), is_letter) ? name : std::string_view();
}

bool is_lora_tag(std::string_view inside) {
  const std::string_view name = tag_name(inside);
  return name == "lora" || name == "lyco" || name == "LORA" || name == "Lora";
}

std::optional<std::string_view> find_embedding(std::string_view prompt) {
  constexpr std::string_view kPrefix = "embedding:";
  for (size_t at = prompt.find(kPrefix); at != std::string_view::npos; at = prompt.find(kPrefix, at + 1)) {
    size_t end = at + kPrefix.size();
    while (end < prompt.size() && belongs_to_a_word(prompt[end])) ++end;
    if ((at == 0 || !belongs_to_a_word(prompt[at - 1])) && end > at + kPrefix.size())
      return prompt.substr(at, end - at);
  }
  return std::nullopt;
}

std::optional<std::string_view> first_of(std::initializer_list<std::optional<std::string_view>> found) {
  for (const auto& each : found) {
    if (each) return each;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> notes_on_syntax(std::string_view prompt) {
  prompt = prompt.substr(0, kMostPromptBytes);
  std::vector<std::string> notes;
  const auto note = [&notes](const std::optional<std::string_view>& found, const char* consequence) {
    if (found) notes.push_back("\"" + in_message(*found) + "\" is read letter by letter: " + consequence);
  };
  note(first_of({find_bracketed(prompt, '(', ')', is_weighted), find_doubled(prompt, "((", "))"),
                 find_doubled(prompt, "[[", "]]"), find_suffix_weight(prompt)}),
       "words have no weights here");
  note(find_bracketed(prompt, '[', ']',
                      [](std::string_view inside) {
                        return is_weighted(inside) || (inside.find('|') != std::string_view::npos && inside.size() > 1);
                      }),
       "a prompt does not change between steps here");
  note(find_bracketed(prompt, '{', '}',
                      [](std::string_view inside) { return inside.find('|') != std::string_view::npos; }),
       "nothing is chosen among alternatives here");
  note(find_word(prompt, "BREAK"), "a prompt is one piece here");
  // In a prompt of capitals it is a word like any other.
  if (std::any_of(prompt.begin(), prompt.end(), [](char c) { return c >= 'a' && c <= 'z'; }))
    note(find_word(prompt, "AND"), "a prompt is one piece here");
  note(find_bracketed(prompt, '<', '>', is_lora_tag),
       "a LoRA is an option of the model's loading (LoadOptions::loras, --lora FILE:WEIGHT)");
  note(first_of(
           {find_bracketed(prompt, '<', '>',
                           [](std::string_view inside) { return !tag_name(inside).empty() && !is_lora_tag(inside); }),
            find_embedding(prompt)}),
       "a prompt names no files here");
  return notes;
}

}  // namespace mobilediffusion
