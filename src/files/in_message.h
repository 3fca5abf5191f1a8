// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>
#include <string_view>

namespace mobilediffusion {

// What a message shows of a name that stands in a file: on one line, without control characters, cut where it is long.
std::string in_message(std::string_view name);

}  // namespace mobilediffusion
