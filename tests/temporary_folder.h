// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "src/files/utf8_path.h"

namespace mobilediffusion {

// A folder of its own for a test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device random;
    do {
      path_ = std::filesystem::temp_directory_path() /
              ("mobilediffusion-test-" + std::to_string(random()) + "-" + std::to_string(random()));
    } while (!std::filesystem::create_directories(path_));
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // With slashes on every system, as the library joins paths.
  std::string path(const std::string& leaf = {}) const {
    const std::u8string whole = (leaf.empty() ? path_ : path_ / to_path(leaf)).generic_u8string();
    return {whole.begin(), whole.end()};
  }

  void write(const std::string& leaf, const std::string& content) const {
    std::ofstream(path_ / to_path(leaf), std::ios::binary) << content;
  }
  std::string read(const std::string& leaf) const {
    std::ifstream in(path_ / to_path(leaf), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace mobilediffusion
