// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/clip_tokenizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <queue>
#include <tuple>
#include <utility>

#include "src/files/json_document.h"
#include "src/files/json_reader.h"
#include "src/text/special_tokens.h"
#include "src/text/unicode.h"

namespace mobilediffusion {

using nlohmann::json;

namespace {

constexpr std::string_view kStart = "<|startoftext|>";
constexpr std::string_view kEnd = "<|endoftext|>";

uint64_t pair_key(int left, int right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

// NFC, white space folded, lower case; as code points. The full lower case of one code point alone is two: of I with a
// dot.
std::vector<int32_t> normalize(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  std::vector<int32_t> composed;
  for (size_t at = 0; at < text.size();) {
    int32_t c = 0, parts[32];
    at += static_cast<size_t>(
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &c));  // it was checked
    const auto count = utf8proc_decompose_char(
        c, parts, std::size(parts), static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE), nullptr);
    composed.insert(composed.end(), parts, parts + count);
  }
  // Marks above one letter go by their class; utf8proc_map() would take the square of their number.
  const auto mark_class = [](int32_t c) { return utf8proc_get_property(c)->combining_class; };
  for (auto begin = composed.begin(); begin != composed.end();) {
    const auto first = std::find_if(begin, composed.end(), [&](int32_t c) { return mark_class(c) != 0; });
    begin = std::find_if(first, composed.end(), [&](int32_t c) { return mark_class(c) == 0; });
    std::stable_sort(first, begin, [&](int32_t a, int32_t b) { return mark_class(a) < mark_class(b); });
  }
  const auto size = utf8proc_normalize_utf32(composed.data(), static_cast<utf8proc_ssize_t>(composed.size()),
                                             static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  composed.resize(static_cast<size_t>(size));
  std::vector<int32_t> folded;
  for (const int32_t c : composed) {
    if (is_space(c)) {
      if (folded.empty() || folded.back() != ' ') folded.push_back(' ');
    } else if (c == 0x130) {
      folded.insert(folded.end(), {'i', 0x307});
    } else {
      folded.push_back(utf8proc_tolower(c));
    }
  }
  return folded;
}

bool stands_at(const std::vector<int32_t>& text, size_t at, std::string_view word) {
  const auto begin = text.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(at + word.size(), text.size()));
  return std::equal(word.begin(), word.end(), begin, end);
}

// The end of the word that begins at `at`, which is no white space.
size_t word_end(const std::vector<int32_t>& text, size_t at) {
  for (const std::string_view whole : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (stands_at(text, at, whole)) return at + whole.size();
  }
  size_t end = at + 1;
  if (is_number(text[at])) return end;
  const bool letters = is_letter(text[at]);
  const auto same = [&](int32_t c) { return letters ? is_letter(c) : !is_space(c) && !is_letter(c) && !is_number(c); };
  while (end < text.size() && same(text[end])) ++end;
  return end;
}

}  // namespace

std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet(256);
  int32_t next = 256;
  for (int32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    append_utf8(printable ? byte : next++, &alphabet[static_cast<size_t>(byte)]);
  }
  return alphabet;
}

Result<ClipVocabulary> ClipVocabulary::parse(std::string_view vocab, std::string_view merges, const std::string& origin,
                                             int vocab_size) {
  const auto invalid = [&](const std::string& what) { return Status(StatusCode::kInvalidModel, origin + what); };
  const JsonDocument document(vocab, /*deepest=*/1);
  const json& table = document.root();
  if (!table.is_object() || table.empty()) return invalid("/vocab.json is no JSON object of tokens");
  ClipVocabulary vocabulary;
  for (const auto& [token, id] : table.items()) {
    if (Status status = vocabulary.add(token, id, origin + "/vocab.json", vocab_size); !status.ok()) return status;
  }

  size_t line_number = 0;
  while (!merges.empty()) {
    const size_t end = std::min(merges.find('\n'), merges.size());
    std::string_view line = merges.substr(0, end);
    merges.remove_prefix(std::min(end + 1, merges.size()));
    ++line_number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || (line_number == 1 && line.starts_with("#version"))) continue;
    const std::string place = origin + "/merges.txt, line " + std::to_string(line_number);
    if (Status status = vocabulary.add_merge(line, place, "vocab.json"); !status.ok()) return status;
  }
  return vocabulary;
}

Result<ClipVocabulary> ClipVocabulary::parse_json(std::string_view text, const std::string& origin, int vocab_size) {
  const JsonReader reader(text, origin);
  if (!reader.status().ok()) return reader.status();
  const auto invalid = [&](const std::string& what) { return Status(StatusCode::kInvalidModel, origin + " " + what); };
  const json none = json::object();
  const auto part = [&](const json& whole, const char* key) -> const json& {
    return whole.is_object() && whole.contains(key) ? whole[key] : none;
  };
  const json& model = part(reader.object(), "model");
  if (const json& type = part(model, "type"); type.is_string() && !is_string(type, "BPE")) {
    return Status(StatusCode::kUnsupported,
                  origin + " has a model of the type " + in_message(type.get<std::string>()) + "; supported: BPE");
  }
  const json& table = part(model, "vocab");
  const json& merges = part(model, "merges");
  if (!table.is_object() || table.empty()) return invalid("has no \"vocab\" of tokens in its \"model\"");
  if (!merges.is_array()) return invalid("has no list of \"merges\" in its \"model\"");
  ClipVocabulary vocabulary;
  for (const auto& [token, id] : table.items()) {
    if (Status status = vocabulary.add(token, id, origin, vocab_size); !status.ok()) return status;
  }
  Result<std::vector<AddedToken>> added = parse_added_tokens(part(reader.object(), "added_tokens"), origin, vocab_size);
  if (!added.ok()) return added.status();
  vocabulary.added = std::move(*added);
  for (const AddedToken& token : vocabulary.added) vocabulary.ids[token.content] = token.id;
  for (const json& merge : merges) {
    const std::string place = origin + ", merge " + std::to_string(vocabulary.merges.size());
    const bool pair = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    const Status status =
        pair ? vocabulary.add_merge(merge[0].get<std::string>(), merge[1].get<std::string>(), place, "it")
        : merge.is_string() ? vocabulary.add_merge(merge.get<std::string>(), place, "it")
                            : Status(StatusCode::kInvalidModel, place + ": expected two tokens");
    if (!status.ok()) return status;
  }
  return vocabulary;
}

Status ClipVocabulary::add(const std::string& token, const json& id, const std::string& origin, int vocab_size) {
  const Result<int> number = parse_token_id(token, id, origin, vocab_size);
  if (!number.ok()) return number.status();
  ids[token] = *number;
  return {};
}

Status ClipVocabulary::add_merge(std::string_view line, const std::string& place, const std::string& lacking) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
    return Status(StatusCode::kInvalidModel, place + ": expected two tokens with a space between");
  return add_merge(std::string(line.substr(0, space)), std::string(line.substr(space + 1)), place, lacking);
}

Status ClipVocabulary::add_merge(const std::string& left, const std::string& right, const std::string& place,
                                 const std::string& lacking) {
  for (const std::string& token : {left, right, left + right}) {
    if (!ids.contains(token)) {
      return Status(StatusCode::kInvalidModel,
                    place + ": " + lacking + " lacks the token \"" + in_message(token) + "\"");
    }
  }
  merges.emplace_back(left, right);
  return {};
}

std::unique_ptr<Tokenizer> ClipTokenizer::make(const ClipVocabulary& vocabulary, const SpecialTokens& special,
                                               std::vector<AddedToken> added, int unknown, TokenizerRules rules) {
  auto tokenizer = std::unique_ptr<ClipTokenizer>(new ClipTokenizer());
  tokenizer->special_ = special;
  tokenizer->rules_ = rules;
  const auto own = [&](std::string_view name, int fallback) {
    const auto given = std::find_if(added.begin(), added.end(), [&](const AddedToken& t) { return t.content == name; });
    if (given != added.end()) return given->id;
    const auto found = vocabulary.ids.find(std::string(name));
    const int id = found != vocabulary.ids.end() ? found->second : fallback;
    added.push_back({.content = std::string(name), .id = id});
    return id;
  };
  tokenizer->start_ = own(kStart, special.start);
  tokenizer->end_ = own(kEnd, special.end);
  if (unknown < 0) unknown = tokenizer->end_;

  if (rules == TokenizerRules::kSlow) {
    for (const AddedToken& token : added) {
      const auto piece = vocabulary.ids.find(token.content);
      if (piece != vocabulary.ids.end() && piece->second != token.id)
        tokenizer->added_pieces_[piece->second] = token.id;
    }
  } else {
    const auto normal =
        std::stable_partition(added.begin(), added.end(), [](auto& token) { return !token.normalized; });
    std::vector<AddedToken> in_normal_form(normal, added.end());
    for (AddedToken& token : in_normal_form) {
      std::string content;
      for (const int32_t c : normalize(token.content)) append_utf8(c, &content);
      token.content = std::move(content);
    }
    added.erase(normal, added.end());
    tokenizer->in_normal_form_ = AddedTokens(std::move(in_normal_form));
  }
  tokenizer->in_text_ = AddedTokens(std::move(added));
  const std::vector<std::string> alphabet = byte_alphabet();
  const auto id_of = [&](const std::string& token) {
    const auto found = vocabulary.ids.find(token);
    return found != vocabulary.ids.end() ? found->second : unknown;
  };
  for (size_t byte = 0; byte < 256; ++byte) {
    tokenizer->byte_ids_[byte] = id_of(alphabet[byte]);
    tokenizer->last_byte_ids_[byte] = id_of(alphabet[byte] + "</w>");
  }
  int rank = 0;
  for (const auto& [left, right] : vocabulary.merges)
    tokenizer->merges_.emplace(pair_key(id_of(left), id_of(right)), Merge{rank++, id_of(left + right)});
  return tokenizer;
}

Result<std::unique_ptr<Tokenizer>> ClipTokenizer::parse(std::string_view vocab, std::string_view merges,
                                                        const std::string& origin, const SpecialTokens& special,
                                                        int vocab_size) {
  const Result<ClipVocabulary> vocabulary = ClipVocabulary::parse(vocab, merges, origin, vocab_size);
  if (!vocabulary.ok()) return vocabulary.status();
  return make(*vocabulary, special);
}

// Joins the neighbours of lowest rank, leftmost first, as a priority queue offers them; n log n in the word's length.
void ClipTokenizer::append_word(std::string_view bytes, std::vector<int>* ids) const {
  struct Symbol {
    int id;
    int previous, next;  // indices; -1: none
    bool joined = false;
  };
  std::vector<Symbol> symbols;
  const int count = static_cast<int>(bytes.size());
  for (int i = 0; i < count; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[static_cast<size_t>(i)]);
    symbols.push_back({i + 1 < count ? byte_ids_[byte] : last_byte_ids_[byte], i - 1, i + 1 < count ? i + 1 : -1});
  }
  using Candidate = std::tuple<int, int, int, int>;  // rank, left index, left id, right id
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    const int left_id = symbols[left].id, right_id = symbols[symbols[left].next].id;
    if (const auto merge = merges_.find(pair_key(left_id, right_id)); merge != merges_.end()) {
      queue.emplace(merge->second.rank, left, left_id, right_id);
    }
  };
  for (int i = 0; i + 1 < count; ++i) offer(i);
  while (!queue.empty()) {
    const auto [rank, left, left_id, right_id] = queue.top();
    queue.pop();
    const int right = symbols[left].next;
    // one of the two may have been joined to another since
    if (symbols[left].joined || right < 0 || symbols[left].id != left_id || symbols[right].id != right_id) continue;
    symbols[left].id = merges_.at(pair_key(left_id, right_id)).id;
    symbols[left].next = symbols[right].next;
    if (symbols[right].next >= 0) symbols[symbols[right].next].previous = left;
    symbols[right].joined = true;
    offer(symbols[left].previous);
    offer(left);
  }
  for (int i = 0; i >= 0 && i < count; i = symbols[i].next) {
    const auto added = added_pieces_.find(symbols[i].id);
    ids->push_back(added == added_pieces_.end() ? symbols[i].id : added->second);
  }
}

void ClipTokenizer::append_words(const std::vector<int32_t>& normal, std::vector<int>* ids) const {
  for (size_t at = 0; at < normal.size();) {
    if (normal[at] == ' ') {
      ++at;
      continue;
    }
    // In any case of letters, CLIP's own are words. CLIPTokenizer knows them; the tokenizers library has cut out what
    // it takes for them, and splits the others.
    const std::string_view own = stands_at(normal, at, kStart) ? kStart : stands_at(normal, at, kEnd) ? kEnd : "";
    if (!own.empty() && rules_ == TokenizerRules::kSlow) {
      ids->push_back(own == kStart ? start_ : end_);
      at += own.size();
      continue;
    }
    const size_t word = own.empty() ? word_end(normal, at) : at + own.size();
    while (at < word) {
      std::string bytes;
      for (const size_t end = std::min(word_end(normal, at), word); at < end; ++at) append_utf8(normal[at], &bytes);
      append_word(bytes, ids);
    }
  }
}

Result<TokenizedPrompt> ClipTokenizer::encode(std::string_view prompt, int length) const {
  if (Status status = check_utf8(prompt); !status.ok()) return status;
  std::vector<int> ids;
  const bool fast = rules_ == TokenizerRules::kFast;
  for (const AddedTokens::Piece& piece : fast ? in_text_.split_fast(prompt) : in_text_.split_slow(prompt)) {
    if (piece.id >= 0) {
      ids.push_back(piece.id);
      continue;
    }
    const std::vector<int32_t> normal = normalize(piece.text);
    if (!fast) {
      append_words(normal, &ids);
      continue;
    }
    std::string text;
    for (const int32_t c : normal) append_utf8(c, &text);
    for (const AddedTokens::Piece& part : in_normal_form_.split_fast(text)) {
      if (part.id >= 0) {
        ids.push_back(part.id);
      } else {
        append_words(code_points(part.text), &ids);
      }
    }
  }
  return fit_prompt(ids, length, special_);
}

}  // namespace mobilediffusion
