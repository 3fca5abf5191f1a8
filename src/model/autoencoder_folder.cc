// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/autoencoder_folder.h"

#include <string>

#include "src/files/json_reader.h"

namespace mobilediffusion {

Result<std::optional<DecoderConfig>> open_autoencoder_folder(const SourcePath& folder) {
  if ((folder / "model_index.json").exists()) return std::optional<DecoderConfig>();
  const SourcePath path = folder / "config.json";
  const Result<std::string> text = read_text_file(path);
  if (!text.ok()) return std::optional<DecoderConfig>();
  JsonReader json(*text, path.string());
  if (!json.string("_class_name", "").starts_with("Autoencoder")) return std::optional<DecoderConfig>();
  const Result<DecoderConfig> config = parse_decoder_config(*text, path.string());
  if (!config.ok()) return config.status();
  return std::optional<DecoderConfig>(*config);
}

}  // namespace mobilediffusion
