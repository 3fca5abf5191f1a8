// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "src/model/model_folder.h"
#include "src/text/stand_in_tokenizer.h"
#include "tests/temporary_folder.h"

namespace mobilediffusion {

// A small whole model in a folder of its own, for a test to run or to damage: a golden one and a stand-in tokenizer.
class SmallModel {
 public:
  explicit SmallModel(const std::string& golden = "base") {
    std::filesystem::copy(std::string(MOBILEDIFFUSION_TESTS_DIR) + "/data/goldens/" + golden, path(),
                          std::filesystem::copy_options::recursive);
    std::filesystem::create_directory(path() + "/tokenizer");
    const auto model = open_model_folder(path());
    if (!model.ok()) throw std::runtime_error(model.status().message());
    const Status written = write_stand_in_tokenizer(path() + "/tokenizer", model->text_encoder);
    if (!written.ok()) throw std::runtime_error(written.message());
  }

  std::string path() const { return folder_.path("base"); }
  std::string read(const std::string& leaf) const { return folder_.read("base/" + leaf); }
  void write(const std::string& leaf, const std::string& content) const { folder_.write("base/" + leaf, content); }
  void remove(const std::string& leaf) const { std::filesystem::remove_all(path() + "/" + leaf); }

  // Replaces the first `from` in a text file.
  void edit(const std::string& leaf, const std::string& from, const std::string& to) const {
    std::string text = read(leaf);
    const size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error(leaf + " has no " + from);
    write(leaf, text.replace(at, from.size(), to));
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace mobilediffusion
