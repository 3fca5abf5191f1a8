// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The page as a browser fetches it: the same files whichever engine is behind them, but for engine.js.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion::serve {

struct PageFile {
  std::string name;
  std::string_view content;
};

// `engine` is "server" or "wasm".
std::vector<PageFile> page_files(std::string_view engine);

// files.js, from which the service worker knows what to keep, and which version of it.
std::string file_list_script(const std::vector<std::string>& names, const std::string& version);

// Names what these files are, for file_list_script().
std::string version_of(const std::vector<PageFile>& files);

}  // namespace mobilediffusion::serve
