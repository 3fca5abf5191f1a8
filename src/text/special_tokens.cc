// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/special_tokens.h"

#include "src/files/json_reader.h"

namespace mobilediffusion {
namespace {

// A name, or an object with the name as its "content"; null says nothing.
void take_name(JsonReader& json, const char* key, std::optional<std::string>* name) {
  if (!json.status().ok() || !json.has(key)) return;
  const nlohmann::json& value = json.object()[key];
  if (value.is_string()) {
    *name = value.get<std::string>();
  } else if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    *name = value["content"].get<std::string>();
  } else {
    json.fail("has a wrong \"" + std::string(key) + "\": expected a token, or an object with its \"content\", found " +
              in_message(value.dump(-1, ' ', /*ensure_ascii=*/true)));
  }
}

// Whether the file says all. A file that is missing says nothing.
Result<bool> take_names(const SourcePath& path, SpecialNames* names) {
  if (!path.exists()) return false;
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  JsonReader json(*text, path.string());
  take_name(json, "bos_token", &names->start);
  take_name(json, "eos_token", &names->end);
  take_name(json, "pad_token", &names->pad);
  if (!json.status().ok()) return json.status();
  return json.has("added_tokens_decoder");
}

}  // namespace

Result<SpecialNames> read_special_names(const SourcePath& folder) {
  SpecialNames names;
  const Result<bool> complete = take_names(folder / "tokenizer_config.json", &names);
  if (!complete.ok()) return complete.status();
  if (*complete) return names;
  const Result<bool> map = take_names(folder / "special_tokens_map.json", &names);
  if (!map.ok()) return map.status();
  return names;
}

}  // namespace mobilediffusion
