// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/added_tokens.h"

#include <utility>

#include "src/text/unicode.h"

namespace mobilediffusion {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Where the last character of a text that is not empty begins.
size_t last_character(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && is_continuation(text[at])) --at;
  return at;
}

size_t after_first_character(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && is_continuation(text[at])) ++at;
  return at;
}

bool ends_with_word(std::string_view text) {
  return !text.empty() && is_word_character(code_points(text.substr(last_character(text))).front());
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && is_word_character(code_points(text.substr(0, after_first_character(text))).front());
}

// What Python's str.strip() takes for white space.
bool is_stripped(int32_t c) { return is_space(c) || (c >= 0x1C && c <= 0x1F); }

std::string_view without_right_space(std::string_view text) {
  while (!text.empty()) {
    const size_t last = last_character(text);
    if (!is_stripped(code_points(text.substr(last)).front())) break;
    text = text.substr(0, last);
  }
  return text;
}

std::string_view without_left_space(std::string_view text) {
  while (!text.empty()) {
    const size_t second = after_first_character(text);
    if (!is_stripped(code_points(text.substr(0, second)).front())) break;
    text = text.substr(second);
  }
  return text;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)), nodes_(1) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].content.empty()) continue;
    size_t at = 0;
    for (const char c : tokens_[i].content) {
      const auto [next, is_new] = nodes_[at].next.try_emplace(c, nodes_.size());
      at = next->second;
      if (is_new) nodes_.emplace_back();
    }
    nodes_[at].token = static_cast<int>(i);
  }
}

std::vector<AddedTokens::Match> AddedTokens::find(std::string_view text) const {
  std::vector<Match> matches;
  for (size_t begin = 0; begin < text.size();) {
    Match longest{begin, begin, nullptr};
    size_t node = 0;
    for (size_t at = begin; at < text.size(); ++at) {
      const auto next = nodes_[node].next.find(text[at]);
      if (next == nodes_[node].next.end()) break;
      node = next->second;
      if (nodes_[node].token >= 0) longest = {begin, at + 1, &tokens_[static_cast<size_t>(nodes_[node].token)]};
    }
    if (longest.token == nullptr) {
      ++begin;
    } else {
      matches.push_back(longest);
      begin = longest.end;
    }
  }
  return matches;
}

const AddedToken* AddedTokens::find_whole(std::string_view text) const {
  size_t node = 0;
  for (const char c : text) {
    const auto next = nodes_[node].next.find(c);
    if (next == nodes_[node].next.end()) return nullptr;
    node = next->second;
  }
  return nodes_[node].token < 0 ? nullptr : &tokens_[static_cast<size_t>(nodes_[node].token)];
}

// A token that is to be a single word and is none joins its neighbour, which then is no token either, whatever it was.
std::vector<AddedTokens::Piece> AddedTokens::split_slow(std::string_view text) const {
  std::vector<std::string> parts;
  size_t end = 0;
  for (const Match& match : find(text)) {
    if (match.begin > end) parts.emplace_back(text.substr(end, match.begin - end));
    parts.push_back(match.token->content);
    end = match.end;
  }
  if (end < text.size()) parts.emplace_back(text.substr(end));

  for (size_t i = 0; i < parts.size(); ++i) {
    const AddedToken* const token = find_whole(parts[i]);
    if (token == nullptr) continue;
    std::string* const left = i > 0 && !parts[i - 1].empty() ? &parts[i - 1] : nullptr;
    std::string* const right = i + 1 < parts.size() ? &parts[i + 1] : nullptr;
    const bool touches_left = left != nullptr && left->back() != ' ';
    const bool touches_right = right != nullptr && right->front() != ' ';
    if (token->right_strip && right != nullptr) *right = std::string(without_left_space(*right));
    if (token->left_strip && left != nullptr) *left = std::string(without_right_space(*left));
    if (!token->single_word) continue;
    if (touches_left) {
      *left += std::exchange(parts[i], {});
    } else if (touches_right) {
      *right = std::exchange(parts[i], {}) + *right;
    }
  }

  std::vector<Piece> pieces;
  for (std::string& part : parts) {
    if (part.empty()) continue;
    const AddedToken* const token = find_whole(part);
    pieces.push_back({std::move(part), token == nullptr ? -1 : token->id});
  }
  return pieces;
}

std::vector<AddedTokens::Piece> AddedTokens::split_fast(std::string_view text) const {
  std::vector<Piece> pieces;
  size_t end = 0;
  for (const Match& match : find(text)) {
    if (match.token->single_word &&
        (ends_with_word(text.substr(0, match.begin)) || starts_with_word(text.substr(match.end))))
      continue;
    if (match.begin > end) pieces.push_back({std::string(text.substr(end, match.begin - end))});
    pieces.push_back({match.token->content, match.token->id});
    end = match.end;
  }
  if (end < text.size()) pieces.push_back({std::string(text.substr(end))});
  return pieces;
}

}  // namespace mobilediffusion
