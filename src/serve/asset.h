// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The files of page/ and openapi.json, which are in the program: embed_files.cmake writes them into assets.cc.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace mobilediffusion::serve {

struct Asset {
  std::string_view name;  // the file's own
  std::string_view content;
};

std::span<const Asset> assets();

// Null where there is no such file.
const Asset* find_asset(std::string_view name);

// The media type of a file, by its name's ending.
std::string media_type(std::string_view name);

}  // namespace mobilediffusion::serve
