// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/asset.h"

#include <utility>

namespace mobilediffusion::serve {

const Asset* find_asset(std::string_view name) {
  for (const Asset& asset : assets()) {
    if (asset.name == name) return &asset;
  }
  return nullptr;
}

std::string media_type(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},         {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},     {".json", "application/json"},
      {".webmanifest", "application/manifest+json"}, {".svg", "image/svg+xml"}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return std::string(type);
  }
  return "application/octet-stream";
}

}  // namespace mobilediffusion::serve
