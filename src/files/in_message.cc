// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/in_message.h"

namespace mobilediffusion {

std::string in_message(std::string_view name) {
  constexpr size_t kMost = 100;
  std::string text(name.substr(0, kMost));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  }
  if (name.size() <= kMost) return text;
  while (!text.empty() && (text.back() & 0xc0) == 0x80) text.pop_back();  // no half character
  if (!text.empty() && (text.back() & 0x80) != 0) text.pop_back();
  return text + "...";
}

void add_to_list(std::string& list, std::string_view entry) {
  if (!list.empty()) list += ", ";
  list += entry;
}

}  // namespace mobilediffusion
