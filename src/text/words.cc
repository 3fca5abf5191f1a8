// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/words.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

namespace mobilediffusion {
namespace {

constexpr size_t kMostBytes = 4096;  // more than any text encoder reads; utf8proc takes the square of piled-up marks

bool belongs_to_a_word(utf8proc_category_t category) {
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO);  // letters, marks and numbers
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  if (text.size() > kMostBytes) {
    text = text.substr(0, kMostBytes + 1);
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

}  // namespace mobilediffusion
