// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/tokenizer.h"

#include <filesystem>

#include "src/clip_tokenizer.h"
#include "src/model_folder.h"
#include "src/sentencepiece_tokenizer.h"

namespace mobilediffusion {

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const std::string& folder, const TextEncoderConfig& config) {
  const SpecialTokens special{config.bos_token_id, config.eos_token_id, config.pad_token_id};
  std::error_code error;
  if (const std::string path = folder + "/tokenizer.model"; std::filesystem::exists(path, error)) {
    Result<std::string> model = read_text_file(path);
    if (!model.ok()) return model.status();
    return parse_sentencepiece(*model, path, special, config.vocab_size);
  }
  if (!std::filesystem::exists(folder + "/vocab.json", error)) {
    return Status(StatusCode::kNotFound,
                  folder + " has no tokenizer: neither tokenizer.model nor vocab.json with merges.txt");
  }
  Result<std::string> vocab = read_text_file(folder + "/vocab.json");
  if (!vocab.ok()) return vocab.status();
  Result<std::string> merges = read_text_file(folder + "/merges.txt");
  if (!merges.ok()) return merges.status();
  return ClipTokenizer::parse(*vocab, *merges, folder, special, config.vocab_size);
}

}  // namespace mobilediffusion
