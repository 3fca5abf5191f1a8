// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion {

// The words of a text's first 4 KiB: letters, marks and numbers of every script, case folded and composed (NFKC). Text
// that is not valid UTF-8 has none.
std::vector<std::string> words_of(std::string_view text);

// The words of all of a text, in the plainest form that they have: case folded, compatible letters as one, without
// accents and what is not seen. Of scripts without spaces between words every character is one. For comparing words
// whose writers may wish to hide them; nobody is to read these. Text that is not valid UTF-8 has none.
std::vector<std::string> plain_words_of(std::string_view text);

}  // namespace mobilediffusion
