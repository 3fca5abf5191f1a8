// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>
#include <string_view>

namespace mobilediffusion {

// What a message shows of a name that stands in a file: on one line, without control characters, cut where it is long.
std::string in_message(std::string_view name);

// Adds to a list as messages have it: "one, two".
void add_to_list(std::string& list, std::string_view entry);

}  // namespace mobilediffusion
