// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion {

// What other programs read in a prompt as more than words, and this library reads letter by letter: weights as in
// "(red:1.3)", BREAK, "<lora:x:1>" and the like. A sentence for each kind that is there, with the first place where it
// is; none for a prompt of plain words, brackets and colons included.
std::vector<std::string> notes_on_syntax(std::string_view prompt);

}  // namespace mobilediffusion
