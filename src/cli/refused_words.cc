// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/refused_words.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "mobilediffusion/filters.h"
#include "src/files/file_io.h"

namespace mobilediffusion::cli {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;

}  // namespace

void add_refused_words(CLI::App& command, std::string* path) {
  command.add_option("--refuse-words", *path,
                     "A file of words and phrases, one a line: prompts that have one of them are refused");
}

Result<PromptFilter> filter_by_file(const std::string& path) {
  if (path.empty()) return PromptFilter();
  const auto named = [&path](const Status& status) { return Status(status.code(), path + ": " + status.message()); };
  const Result<std::vector<uint8_t>> bytes = read_file(path, kMostBytes);
  if (!bytes.ok()) return bytes.status();
  const auto words = read_word_list({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  if (!words.ok()) return named(words.status());
  auto filter = word_list_filter(*words);
  return filter.ok() ? std::move(filter) : named(filter.status());
}

}  // namespace mobilediffusion::cli
