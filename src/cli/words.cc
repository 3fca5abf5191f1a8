// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion words: what a small model was taught.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "src/cli/cli.h"
#include "src/model/model_folder.h"
#include "src/text/word_list.h"

namespace mobilediffusion::cli {
namespace {

constexpr size_t kIndent = 12, kColumns = 100;

// "subjects    boat, house, ...", broken into lines.
void print(const WordList::Group& group) {
  std::string line = group.first;
  line.resize(std::max(line.size(), kIndent - 1), ' ');
  for (size_t i = 0; i < group.second.size(); ++i) {
    const std::string word = group.second[i] + (i + 1 < group.second.size() ? "," : "");
    if (line.size() + 1 + word.size() > kColumns) {
      std::printf("%s\n", line.c_str());
      line.assign(kIndent - 1, ' ');
    }
    line += " " + word;
  }
  std::printf("%s\n", line.c_str());
}

int run_words(const std::string& path, bool as_json) {
  const Result<ModelFolder> model = open_model_folder(path);
  if (!model.ok()) return complain(model.status());
  const Result<WordList> words = WordList::load(model->path);
  if (!words.ok()) return complain(words.status());
  if (as_json) {
    nlohmann::ordered_json groups = nlohmann::ordered_json::object();
    for (const auto& [name, phrases] : words->groups()) groups[name] = phrases;
    std::cout << groups.dump() << std::endl;
    return kDone;
  }
  if (words->groups().empty()) std::printf("%s has no list of words: it may know any\n", model->name.c_str());
  for (const WordList::Group& group : words->groups()) print(group);
  return kDone;
}

}  // namespace

Run add_words(CLI::App& app) {
  struct Options {
    std::string path;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("words", "List the words that a model was taught");
  command->add_option("MODEL", options->path, "A model folder or a packed model. Default: the default model");
  command->add_flag("--json", options->json, "One JSON object on stdout: lists of words by group");
  command->footer("Example:\n  mobilediffusion words");
  return [options] {
    if (!options->path.empty()) return run_words(options->path, options->json);
    const Result<std::string> found = find_default_model();
    return found.ok() ? run_words(*found, options->json) : complain(found.status());
  };
}

}  // namespace mobilediffusion::cli
