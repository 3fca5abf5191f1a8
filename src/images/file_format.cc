// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/file_format.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "src/features/features.h"

namespace mobilediffusion {
namespace {

std::optional<FileFormat> format_of_extension(std::string_view extension) {
  std::string lower(extension);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower == ".png") return FileFormat::kPng;
  if (lower == ".jpg" || lower == ".jpeg") return FileFormat::kJpeg;
  return std::nullopt;
}

}  // namespace

Result<FileFormat> format_of_path(const std::string& path) {
#if defined(_WIN32)
  constexpr std::string_view kSeparators = "/\\";
#else
  constexpr std::string_view kSeparators = "/";
#endif
  const size_t folders = path.find_last_of(kSeparators);
  const std::string leaf = folders == std::string::npos ? path : path.substr(folders + 1);
  const size_t dot = leaf.find_last_of('.');
  if (dot == std::string::npos) return FileFormat::kPng;
  const std::string extension = leaf.substr(dot);
  if (const std::optional<FileFormat> format = format_of_extension(extension)) {
    if (*format == FileFormat::kJpeg && !features::kJpeg) return features::missing("JPEGs");
    return *format;
  }
  if (dot == 0 || extension == ".") return FileFormat::kPng;  // a hidden file's name, or a full stop
  return Status(StatusCode::kInvalidArgument,
                path + ": no picture is written as " + extension + "; known are .png, .jpg and .jpeg");
}

std::optional<FileFormat> format_of_bytes(std::span<const uint8_t> bytes) {
  const auto begins_with = [bytes](std::initializer_list<uint8_t> start) {
    return bytes.size() >= start.size() && std::equal(start.begin(), start.end(), bytes.begin());
  };
  if (begins_with({0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'})) return FileFormat::kPng;
  if (begins_with({0xff, 0xd8, 0xff})) return FileFormat::kJpeg;
  return std::nullopt;
}

}  // namespace mobilediffusion
