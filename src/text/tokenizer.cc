// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/tokenizer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

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

// The tokens to be cut out, with ids: those that files give, then the special ones, each with the vocabulary's id or
// the next that is free, as transformers does.
Result<std::vector<AddedToken>> added_tokens(const NamedTokens& named, const ClipVocabulary& vocabulary,
                                             const SourcePath& folder, int vocab_size) {
  std::vector<AddedToken> tokens = named.added;
  std::unordered_set<std::string> contents;
  size_t next = vocabulary.ids.size();
  for (const AddedToken& token : tokens) {
    if (contents.insert(token.content).second && !vocabulary.ids.contains(token.content)) ++next;
  }
  std::vector<AddedToken> special = named.further;
  for (const auto* const name : {&named.pad, &named.unknown, &named.end, &named.start}) {
    if (*name) special.insert(special.begin(), **name);
  }
  for (AddedToken& token : special) {
    if (!contents.insert(token.content).second) continue;
    const auto known = vocabulary.ids.find(token.content);
    if (known == vocabulary.ids.end() && next >= static_cast<size_t>(vocab_size)) {
      return Status(StatusCode::kInvalidModel, folder.string() + " names the special token \"" +
                                                   in_message(token.content) +
                                                   "\", which its vocabulary lacks, and the text encoder's table of " +
                                                   std::to_string(vocab_size) + " rows (vocab_size) has none for it");
    }
    token.id = known != vocabulary.ids.end() ? known->second : static_cast<int>(next++);
    tokens.push_back(std::move(token));
  }
  // Of two with one id the later counts.
  std::unordered_set<int> ids;
  std::reverse(tokens.begin(), tokens.end());
  std::erase_if(tokens, [&](const AddedToken& token) { return !ids.insert(token.id).second; });
  std::reverse(tokens.begin(), tokens.end());
  return tokens;
}

Result<std::unique_ptr<Tokenizer>> load_clip(const SourcePath& folder, const TextEncoderConfig& config) {
  const Result<ClipVocabulary> vocabulary = load_clip_vocabulary(folder, config.vocab_size);
  if (!vocabulary.ok()) return vocabulary.status();
  const bool slow = (folder / "vocab.json").exists();
  const Result<NamedTokens> named = read_named_tokens(folder, slow ? nullptr : &vocabulary->added, config.vocab_size);
  if (!named.ok()) return named.status();
  Result<std::vector<AddedToken>> added = added_tokens(*named, *vocabulary, folder, config.vocab_size);
  if (!added.ok()) return added.status();

  const auto id_of = [&](const std::optional<AddedToken>& name, const char* usual, int fallback) {
    const std::string content = name ? name->content : usual;
    const auto token =
        std::find_if(added->rbegin(), added->rend(), [&](const AddedToken& each) { return each.content == content; });
    if (token != added->rend()) return token->id;
    const auto found = vocabulary->ids.find(content);
    return found != vocabulary->ids.end() ? found->second : fallback;
  };
  constexpr const char* kEnd = "<|endoftext|>";
  const SpecialTokens special = {.start = id_of(named->start, "<|startoftext|>", config.bos_token_id),
                                 .end = id_of(named->end, kEnd, config.eos_token_id),
                                 .pad = id_of(named->pad, kEnd, config.pad_token_id)};
  const int unknown = id_of(named->unknown, kEnd, config.eos_token_id);
  return ClipTokenizer::make(*vocabulary, special, std::move(*added), unknown,
                             slow ? TokenizerRules::kSlow : TokenizerRules::kFast);
}

}  // namespace

Result<std::unique_ptr<Tokenizer>> load_tokenizer(const SourcePath& folder, const TextEncoderConfig& config) {
  if (const SourcePath path = folder / "tokenizer.model"; path.exists()) {
    Result<std::string> model = read_text_file(path);
    if (!model.ok()) return model.status();
    const SpecialTokens special{config.bos_token_id, config.eos_token_id, config.pad_token_id};
    return parse_sentencepiece(*model, path.string(), special, config.vocab_size);
  }
  return load_clip(folder, config);
}

}  // namespace mobilediffusion
