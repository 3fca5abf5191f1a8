// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Between paths as this library passes them, UTF-8 in a std::string, and std::filesystem's. Its own constructor reads a
// narrow string in the system's code page, which is UTF-8 everywhere but on Windows.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace mobilediffusion {

inline std::filesystem::path to_path(std::string_view utf8) {
  return std::filesystem::path(std::u8string(utf8.begin(), utf8.end()));
}

inline std::string to_utf8(const std::filesystem::path& path) {
  const std::u8string text = path.u8string();
  return {text.begin(), text.end()};
}

}  // namespace mobilediffusion
