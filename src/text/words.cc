// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/words.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "src/text/prompt.h"
#include "src/text/unicode.h"

namespace mobilediffusion {
namespace {

// More than any text encoder reads; utf8proc takes the square of piled-up marks.
constexpr size_t kMostReadBytes = 4096;

bool belongs_to_a_word(utf8proc_category_t category) {
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO);  // letters, marks and numbers
}

// What leaves a word the same word: zero-width and other characters without a look of their own, controls but for
// spaces, and marks put through (combining class 1), on (200 and more) or around a letter, and the points of Hebrew and
// Arabic (10 to 36), which are mostly left out. Other marks make another letter, or are a vowel.
bool is_unseen(int32_t c) {
  const utf8proc_property_t* const property = utf8proc_get_property(c);
  const int combining = property->combining_class;
  return property->category == UTF8PROC_CATEGORY_CF || property->category == UTF8PROC_CATEGORY_ME ||
         (property->category == UTF8PROC_CATEGORY_CC && !is_space(c)) || property->ignorable != 0 || combining == 1 ||
         (combining >= 10 && combining <= 36) || combining >= 200;
}

// Of scripts that are written without spaces between words.
bool is_word_of_its_own(int32_t c) {
  constexpr struct {
    int32_t first, last;
  } kRanges[] = {
      {0x0e00, 0x0eff},   // Thai, Lao
      {0x1000, 0x109f},   // Myanmar
      {0x1780, 0x17ff},   // Khmer
      {0x3005, 0x3007},   // marks of repetition, zero
      {0x3041, 0x30ff},   // Hiragana, Katakana
      {0x31f0, 0x31ff},   // small Katakana
      {0x3400, 0x9fff},   // Han
      {0xf900, 0xfaff},   // Han, compatible
      {0x20000, 0x3ffff}  // Han
  };
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [c](auto range) { return range.first <= c && c <= range.last; });
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  if (text.size() > kMostReadBytes) {
    text = text.substr(0, kMostReadBytes + 1);
    while (!text.empty() && (text.back() & 0xc0) == 0x80) text.remove_suffix(1);  // to where a character begins
    if (!text.empty()) text.remove_suffix(1);
  }
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

// Character by character, without the order and composition of what is normal: what these are about, marks on letters,
// is left out.
std::vector<std::string> plain_words_of(std::string_view text) {
  if (!check_utf8(text).ok()) return {};
  constexpr auto kFold = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
  constexpr utf8proc_ssize_t kLongest = 32;  // that a character becomes: 18 at most
  std::vector<std::string> words;
  bool inside = false;
  for (const int32_t original : code_points(text)) {
    int32_t folded[kLongest];
    int last_class = 0;
    const auto count = utf8proc_decompose_char(original, folded, kLongest, kFold, &last_class);
    for (utf8proc_ssize_t i = 0; i < count && i < kLongest; ++i) {
      const int32_t c = folded[i];
      if (is_unseen(c)) continue;
      if (!belongs_to_a_word(utf8proc_category(c))) {
        inside = false;
        continue;
      }
      const bool alone = is_word_of_its_own(c);
      if (!inside || alone) words.emplace_back();
      append_utf8(c, &words.back());
      inside = !alone;
    }
  }
  return words;
}

}  // namespace mobilediffusion
