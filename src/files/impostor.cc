// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/impostor.h"

#include <algorithm>
#include <string_view>

#include "src/files/in_message.h"
#include "src/files/json_document.h"

namespace mobilediffusion {
namespace {

constexpr size_t kLongestPointer = 1024;  // Git LFS's own limit
constexpr size_t kLongestAnswer = 4096;
constexpr std::string_view kDownloadAgain = "download it again";

std::string_view text_of(std::span<const std::byte> bytes, size_t most) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), most)};
}

// Past a byte-order mark and blanks.
std::string_view trimmed(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

bool begins_with(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                    [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
}

// The value of a line "key value".
std::string_view value_of(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + key.size());
  return rest.substr(0, rest.find_first_of("\r\n"));
}

std::string lfs_pointer(std::string_view text) {
  std::string size(value_of(text, "\nsize "));
  if (!size.empty()) size = " of " + in_message(size) + " bytes";
  return "is a Git LFS pointer, not the file itself" + size +
         ": run \"git lfs install\" and then \"git lfs pull\" in its folder, or download the file by itself";
}

// {"error": "Repository not found"} and its like.
std::string servers_error(std::string_view text) {
  if (!text.starts_with('{')) return {};
  const JsonDocument document(text);
  const nlohmann::json& answer = document.root();
  if (!answer.is_object() || answer.size() > 4) return {};
  for (const char* key : {"error", "message"}) {
    const auto found = answer.find(key);
    if (found == answer.end() || !found->is_string()) continue;
    return "is a server's answer, not the file itself (\"" + in_message(found->get<std::string>()) +
           "\"): " + std::string(kDownloadAgain);
  }
  return {};
}

bool is_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code >= 32 && code != 127) || code == '\n' || code == '\r' || code == '\t';
  });
}

}  // namespace

std::string impostor(std::span<const std::byte> bytes) {
  const std::string_view text = trimmed(text_of(bytes, kLongestAnswer));
  if (bytes.size() <= kLongestPointer && text.starts_with("version https://git-lfs.github.com/spec/"))
    return lfs_pointer(text);
  for (const std::string_view page : {"<!doctype html", "<html", "<head", "<?xml", "<error>"}) {
    if (begins_with(text, page))
      return "is a web page, not the file itself: " + std::string(kDownloadAgain) +
             " (Hugging Face has the file itself where its address says /resolve/ in place of /blob/)";
  }
  return bytes.size() <= kLongestAnswer ? servers_error(text) : std::string();
}

std::string binary_impostor(std::span<const std::byte> bytes) {
  if (std::string found = impostor(bytes); !found.empty()) return found;
  const std::string_view start = text_of(bytes, 8);
  if (start.starts_with("PK\x03\x04"))
    return "is a zip archive, as PyTorch's pickles are, which can run any code when they are read: fetch the "
           ".safetensors file of the same model";
  if (start.starts_with("GGUF")) return "is a GGUF file; supported: the model's .safetensors files";
  if (start.starts_with("\x1f\x8b")) return "is compressed with gzip: unpack it first";
  const std::string_view text = trimmed(text_of(bytes, kLongestAnswer));
  if (bytes.size() <= kLongestAnswer && text.size() > 8 && is_text(text) && !text.starts_with('{'))
    return "is a text, not the file itself (\"" + in_message(text.substr(0, text.find_first_of("\r\n"))) +
           "\"): " + std::string(kDownloadAgain);
  return {};
}

}  // namespace mobilediffusion
