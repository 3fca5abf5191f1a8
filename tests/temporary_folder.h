// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

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

  std::string path(const std::string& leaf = {}) const {
    return leaf.empty() ? path_.string() : (path_ / leaf).string();
  }

  void write(const std::string& leaf, const std::string& content) const {
    std::ofstream(path(leaf), std::ios::binary) << content;
  }
  std::string read(const std::string& leaf) const {
    std::ifstream in(path(leaf), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace mobilediffusion
