// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Code points, and what Unicode says of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion {

// `text` must be well-formed UTF-8 (check_utf8 in prompt.h).
std::vector<int32_t> code_points(std::string_view text);
void append_utf8(int32_t code_point, std::string* to);

bool is_space(int32_t c);  // the White_Space property
bool is_letter(int32_t c);
bool is_number(int32_t c);
bool is_word_character(int32_t c);  // what a regular expression's \w matches

}  // namespace mobilediffusion
