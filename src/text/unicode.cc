// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/unicode.h"

#include <utf8proc.h>

namespace mobilediffusion {

std::vector<int32_t> code_points(std::string_view text) {
  std::vector<int32_t> points;
  for (size_t at = 0; at < text.size();) {
    int32_t c = 0;
    at += static_cast<size_t>(utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                               static_cast<utf8proc_ssize_t>(text.size() - at), &c));
    points.push_back(c);
  }
  return points;
}

void append_utf8(int32_t code_point, std::string* to) {
  uint8_t buffer[4];
  const auto size = utf8proc_encode_char(code_point, buffer);
  to->append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(size));
}

bool is_space(int32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter(int32_t c) {
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_number(int32_t c) {
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_word_character(int32_t c) {
  const auto category = utf8proc_category(c);
  return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL) || category == UTF8PROC_CATEGORY_PC ||
         c == 0x200C || c == 0x200D;  // letters, marks, digits, letters that are numbers, connectors, joiners
}

}  // namespace mobilediffusion
