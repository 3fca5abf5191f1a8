// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/output_files.h"

#include <cctype>
#include <filesystem>
#include <string_view>

#include "src/cli/platform.h"
#include "src/files/file_io.h"
#include "src/files/utf8_path.h"
#include "src/text/words.h"

namespace mobilediffusion::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestName = 100;  // bytes; file systems take 143 and more, with numbers and ending

// Names that Windows keeps for devices, whatever ending they have.
bool is_reserved(std::string_view name) {
  for (const std::string_view device : {"con", "prn", "aux", "nul"}) {
    if (name == device) return true;
  }
  return name.size() == 4 && (name.starts_with("com") || name.starts_with("lpt")) && name[3] >= '0' && name[3] <= '9';
}

std::string extension_of(const std::string& path) {
  std::string extension = to_utf8(to_path(path).extension());
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

}  // namespace

std::string name_after(const std::string& prompt) {
  std::string name;
  for (const std::string& word : words_of(prompt)) {
    name += (name.empty() ? "" : "-") + word;
    if (name.size() > kLongestName) break;
  }
  if (name.size() > kLongestName) {
    size_t end = kLongestName;
    while ((name[end] & 0xc0) == 0x80) --end;  // to where a character begins
    name.resize(end);
    while (name.ends_with('-')) name.pop_back();
  }
  if (name.empty()) return "picture";
  return is_reserved(name) ? "picture-" + name : name;
}

std::string numbered(const std::string& path, int number) {
  const fs::path whole = to_path(path);
  const std::string extension = to_utf8(whole.extension());
  return path.substr(0, path.size() - extension.size()) + "-" + std::to_string(number) + extension;
}

Status check_writable(const std::string& path) {
  std::error_code error;
  const fs::file_status found = fs::status(to_path(path), error);
  // To open a pipe is to begin with it: that waits until the picture is there.
  if (fs::exists(found) && !fs::is_regular_file(found) && !fs::is_directory(found)) return {};
  return AtomicFile::open(path).status();
}

Status check_picture_path(const std::string& path) {
  const std::string extension = extension_of(path);
  if (!extension.empty() && extension != ".png")
    return Status(StatusCode::kInvalidArgument, path + ": cannot write a " + extension + "; expected .png");
  return check_writable(path);
}

std::string next_new_file(const std::string& path, int number) {
  std::error_code error;
  for (;; number = number == 0 ? 2 : number + 1) {
    std::string candidate = number == 0 ? path : numbered(path, number);
    if (!fs::exists(fs::symlink_status(to_path(candidate), error))) return candidate;
  }
}

Result<std::string> claim_new_file(const std::string& path, int number) {
  while (true) {
    std::string candidate = next_new_file(path, number);
    const Result<bool> made = make_new_file(candidate);
    if (!made.ok()) return made.status();
    if (*made) return candidate;
  }
}

}  // namespace mobilediffusion::cli
