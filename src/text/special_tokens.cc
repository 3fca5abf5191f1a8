// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/special_tokens.h"

#include <utility>

#include "src/files/json_document.h"
#include "src/files/json_reader.h"

namespace mobilediffusion {

using nlohmann::json;

namespace {

// A content, or an object with it.
std::optional<AddedToken> token_in(const json& value) {
  if (value.is_string()) return AddedToken{.content = value.get<std::string>(), .normalized = false};
  if (!value.is_object() || !value.contains("content") || !value["content"].is_string()) return std::nullopt;
  const auto flag = [&](const char* key, bool fallback) {
    return value.contains(key) && value[key].is_boolean() ? value[key].get<bool>() : fallback;
  };
  const bool special = flag("special", false);
  return AddedToken{.content = value["content"].get<std::string>(),
                    .single_word = flag("single_word", false),
                    .left_strip = flag("lstrip", false),
                    .right_strip = flag("rstrip", false),
                    .normalized = flag("normalized", !special)};
}

void refuse(JsonReader& reader, const std::string& key, const json& found) {
  reader.fail("has a wrong \"" + in_message(key) + "\": expected a token, or an object with its \"content\", found " +
              in_message(found.dump(-1, ' ', /*ensure_ascii=*/true)));
}

// null says nothing.
void take_name(JsonReader& reader, const char* key, std::optional<AddedToken>* name) {
  if (!reader.status().ok() || !reader.has(key)) return;
  std::optional<AddedToken> token = token_in(reader.object()[key]);
  if (!token) return refuse(reader, key, reader.object()[key]);
  *name = std::move(token);
}

void take_further(JsonReader& reader, const char* key, NamedTokens* tokens) {
  if (!reader.status().ok() || !reader.has(key) || !reader.object()[key].is_array()) return;
  for (const json& value : reader.object()[key]) {
    const std::optional<AddedToken> token = token_in(value);
    if (!token) return refuse(reader, key, value);
    tokens->further.push_back(*token);
  }
}

// Whether the file says all. A file that is missing says nothing.
Result<bool> take_names(const SourcePath& path, int vocab_size, NamedTokens* tokens) {
  constexpr const char* kDecoder = "added_tokens_decoder";
  if (!path.exists()) return false;
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  JsonReader reader(*text, path.string());
  take_name(reader, "bos_token", &tokens->start);
  take_name(reader, "eos_token", &tokens->end);
  take_name(reader, "unk_token", &tokens->unknown);
  take_name(reader, "pad_token", &tokens->pad);
  take_further(reader, "additional_special_tokens", tokens);
  take_further(reader, "extra_special_tokens", tokens);
  if (!reader.status().ok()) return reader.status();
  if (!reader.has(kDecoder)) return false;
  if (!reader.object()[kDecoder].is_object()) {
    refuse(reader, kDecoder, reader.object()[kDecoder]);
    return reader.status();
  }
  for (const auto& [key, value] : reader.object()[kDecoder].items()) {
    std::optional<AddedToken> token = token_in(value);
    if (!token || value.is_string()) {
      refuse(reader, kDecoder, value);
      return reader.status();
    }
    const JsonDocument number(key);
    const json text = key;
    const json& given = number.root().is_discarded() ? text : number.root();
    Result<int> id = parse_token_id(token->content, given, path.string(), vocab_size);
    if (!id.ok()) return id.status();
    token->id = *id;
    tokens->added.push_back(std::move(*token));
  }
  return true;
}

// added_tokens.json: the ids by their contents.
Status take_ids(const SourcePath& path, int vocab_size, NamedTokens* tokens) {
  if (!path.exists()) return {};
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  const JsonReader reader(*text, path.string());
  if (!reader.status().ok()) return reader.status();
  for (const auto& [content, value] : reader.object().items()) {
    Result<int> id = parse_token_id(content, value, path.string(), vocab_size);
    if (!id.ok()) return id.status();
    tokens->added.push_back({.content = content, .id = *id});
  }
  return {};
}

}  // namespace

Result<int> parse_token_id(const std::string& token, const json& id, const std::string& origin, int vocab_size) {
  if (!id.is_number_unsigned() || id.get<uint64_t>() >= static_cast<uint64_t>(vocab_size)) {
    return Status(StatusCode::kInvalidModel, origin + " gives the token \"" + in_message(token) + "\" the id " +
                                                 in_message(id.dump(-1, ' ', /*ensure_ascii=*/true)) +
                                                 "; expected 0 to " + std::to_string(vocab_size - 1) +
                                                 ", the rows of the text encoder's table");
  }
  return id.get<int>();
}

Result<std::vector<AddedToken>> parse_added_tokens(const json& list, const std::string& origin, int vocab_size) {
  std::vector<AddedToken> tokens;
  const json none;
  for (const json& entry : list) {
    std::optional<AddedToken> token = token_in(entry);
    if (!token || !entry.is_object()) {
      return Status(StatusCode::kInvalidModel, origin + " has an entry of \"added_tokens\" without a \"content\"");
    }
    Result<int> id = parse_token_id(token->content, entry.contains("id") ? entry["id"] : none, origin, vocab_size);
    if (!id.ok()) return id.status();
    token->id = *id;
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

Result<NamedTokens> read_named_tokens(const SourcePath& folder, const std::vector<AddedToken>* of_tokenizer_json,
                                      int vocab_size) {
  NamedTokens tokens;
  if (of_tokenizer_json != nullptr) tokens.added = *of_tokenizer_json;
  const Result<bool> complete = take_names(folder / "tokenizer_config.json", vocab_size, &tokens);
  if (!complete.ok()) return complete.status();
  if (*complete) return tokens;
  const Result<bool> map = take_names(folder / "special_tokens_map.json", vocab_size, &tokens);
  if (!map.ok()) return map.status();
  tokens.added.clear();
  if (Status status = take_ids(folder / "added_tokens.json", vocab_size, &tokens); !status.ok()) return status;
  if (of_tokenizer_json != nullptr) {
    tokens.added.insert(tokens.added.end(), of_tokenizer_json->begin(), of_tokenizer_json->end());
  } else if (const SourcePath path = folder / "tokenizer.json"; path.exists()) {
    Result<std::string> text = read_text_file(path);
    if (!text.ok()) return text.status();
    const JsonReader reader(*text, path.string());
    if (!reader.status().ok()) return reader.status();
    if (reader.has("added_tokens")) {
      Result<std::vector<AddedToken>> added =
          parse_added_tokens(reader.object()["added_tokens"], path.string(), vocab_size);
      if (!added.ok()) return added.status();
      tokens.added.insert(tokens.added.end(), added->begin(), added->end());
    }
  }
  return tokens;
}

}  // namespace mobilediffusion
