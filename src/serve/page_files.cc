// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/page_files.h"

#include <cstdint>

#include "src/files/digest.h"
#include "src/serve/asset.h"

namespace mobilediffusion::serve {

std::vector<PageFile> page_files(std::string_view engine) {
  constexpr std::string_view kEngine = "engine_";
  std::vector<PageFile> files;
  for (const Asset& asset : assets()) {
    if (asset.name == "openapi.json") continue;
    if (!asset.name.starts_with(kEngine)) {
      files.push_back({std::string(asset.name), asset.content});
    } else if (asset.name == std::string(kEngine) + std::string(engine) + ".js") {
      files.push_back({"engine.js", asset.content});
    }
  }
  return files;
}

std::string file_list_script(const std::vector<std::string>& names, const std::string& version) {
  return "self.FILES = " + nlohmann::json(names).dump() + ";\nself.VERSION = " + nlohmann::json(version).dump() + ";\n";
}

std::string version_of(const std::vector<PageFile>& files) {
  uint64_t sum = 0;
  for (const PageFile& file : files) sum = digest(file.content, digest(file.name, sum));
  return to_hex(sum);
}

}  // namespace mobilediffusion::serve
