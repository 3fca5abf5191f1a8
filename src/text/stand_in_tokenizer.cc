// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/stand_in_tokenizer.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "src/files/file_io.h"
#include "src/files/json_text.h"
#include "src/text/clip_tokenizer.h"

namespace mobilediffusion {
namespace {

Status write_text(const std::string& path, const std::string& text) {
  return write_file_atomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace

Status write_stand_in_tokenizer(const std::string& folder, const TextEncoderConfig& config) {
  const int distinct = std::max(1, std::min(config.bos_token_id, config.eos_token_id));
  std::map<std::string, int> ids;
  int next = 0;
  for (const std::string_view end : {"", "</w>"}) {
    for (const std::string& symbol : byte_alphabet()) ids[symbol + std::string(end)] = next++ % distinct;
  }
  ids["<|pad|>"] = config.pad_token_id;
  ids["<|startoftext|>"] = config.bos_token_id;
  ids["<|endoftext|>"] = config.eos_token_id;
  JsonObjectText vocab;
  for (const auto& [token, id] : ids) vocab.add(token, std::to_string(id));
  if (Status status = write_text(folder + "/vocab.json", vocab.text()); !status.ok()) return status;
  if (Status status = write_text(folder + "/tokenizer_config.json", R"({"pad_token": "<|pad|>"})"); !status.ok())
    return status;
  return write_text(folder + "/merges.txt", "#version: 0.2\n");
}

}  // namespace mobilediffusion
