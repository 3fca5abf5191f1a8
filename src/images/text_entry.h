// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <string>
#include <string_view>

namespace mobilediffusion {

// What a picture's file says beside its pixels: one of several texts, each under its keyword.
struct TextEntry {
  std::string keyword;  // 1 to 79 characters of printable ASCII
  std::string text;     // UTF-8 without NUL
};

// Under this keyword stands an XMP packet (ISO 16684-1, part 3, for PNG), which JPEG keeps in a place of its own.
inline constexpr std::string_view kXmpKeyword = "XML:com.adobe.xmp";

}  // namespace mobilediffusion
