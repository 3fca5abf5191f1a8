// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/tokenizer.h"

#include <optional>

#include "src/files/json_reader.h"
#include "src/text/clip_tokenizer.h"
#include "src/text/sentencepiece_tokenizer.h"
#include "src/text/special_tokens.h"

namespace mobilediffusion {

namespace {

Result<ClipVocabulary> load_clip_vocabulary(const SourcePath& folder, int vocab_size) {
  if (const SourcePath vocabulary = folder / "vocab.json"; vocabulary.exists()) {
    Result<std::string> vocab = read_text_file(vocabulary);
    if (!vocab.ok()) return vocab.status();
    Result<std::string> merges = read_text_file(folder / "merges.txt");
    if (!merges.ok()) return merges.status();
    return ClipVocabulary::parse(*vocab, *merges, folder.string(), vocab_size);
  }
  const SourcePath path = folder / "tokenizer.json";
  if (!path.exists()) {
    return Status(StatusCode::kNotFound, folder.string() +
                                             " has no tokenizer: neither tokenizer.model nor vocab.json with "
                                             "merges.txt nor tokenizer.json");
  }
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  return ClipVocabulary::parse_json(*text, path.string(), vocab_size);
}

// The ids of the tokens that the folder's files name.
Result<SpecialTokens> special_tokens(const SourcePath& folder, const ClipVocabulary& vocabulary,
                                     const SpecialTokens& text_encoders) {
  const Result<SpecialNames> names = read_special_names(folder);
  if (!names.ok()) return names.status();
  Status status;
  const auto id_of = [&](const std::optional<std::string>& name, const char* usual, int fallback) {
    const auto found = vocabulary.ids.find(name.value_or(usual));
    if (found != vocabulary.ids.end()) return found->second;
    if (name && status.ok()) {
      status = Status(StatusCode::kInvalidModel,
                      folder.string() + " names the special token \"" + in_message(*name) + "\", which its vocabulary lacks");
    }
    return fallback;
  };
  SpecialTokens special;
  special.start = id_of(names->start, "<|startoftext|>", text_encoders.start);
  special.end = id_of(names->end, "<|endoftext|>", text_encoders.end);
  special.pad = names->pad ? id_of(names->pad, "", text_encoders.pad) : id_of({}, "<|endoftext|>", text_encoders.pad);
  if (!status.ok()) return status;
  return special;
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const SourcePath& folder, const TextEncoderConfig& config) {
  const SpecialTokens text_encoders{config.bos_token_id, config.eos_token_id, config.pad_token_id};
  if (const SourcePath path = folder / "tokenizer.model"; path.exists()) {
    Result<std::string> model = read_text_file(path);
    if (!model.ok()) return model.status();
    return parse_sentencepiece(*model, path.string(), text_encoders, config.vocab_size);
  }
  const Result<ClipVocabulary> vocabulary = load_clip_vocabulary(folder, config.vocab_size);
  if (!vocabulary.ok()) return vocabulary.status();
  const Result<SpecialTokens> special = special_tokens(folder, *vocabulary, text_encoders);
  if (!special.ok()) return special.status();
  return ClipTokenizer::make(*vocabulary, *special);
}

}  // namespace mobilediffusion
