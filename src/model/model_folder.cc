// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/model_folder.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "src/files/environment.h"
#include "src/files/in_message.h"
#include "src/files/own_location.h"
#include "src/files/packed_model.h"
#include "src/files/utf8_path.h"
#include "src/model/config_reading.h"
#include "src/model/hub_folder.h"
#include "src/model/model_index.h"
#include "src/model/model_names.h"

namespace mobilediffusion {
namespace {

// A folder with one network in it, a ControlNet say, says which.
Status refuse_network_alone(const SourcePath& folder) {
  const SourcePath config = folder / "config.json";
  Result<std::string> text = read_text_file(config);
  if (!text.ok()) return {};
  JsonReader json(*text, config.string());
  const std::string found = read_class_name(json, "");
  if (!json.status().ok() || found.empty()) return {};
  return Status(StatusCode::kUnsupported, folder.string() + " has no model_index.json, and its config.json is a " +
                                              in_message(found) + "'s; supported: a whole model, a folder a network");
}

template <typename Config>
Status read_config(const SourcePath& path, Result<Config> (*parse)(std::string_view, const std::string&),
                   Config* config, std::vector<std::string>* names = nullptr) {
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.status();
  Result<Config> parsed = parse(*text, path.string());
  if (!parsed.ok()) return parsed.status();
  *config = std::move(*parsed);
  if (names != nullptr) names->push_back(writers_name(JsonReader(*text, path.string()).object()));
  return {};
}

// Of the class that its own file names; where that names none, of model_index.json's.
Status read_scheduler(const SourcePath& file, const std::string& class_in_index, SchedulerConfig* config) {
  const Result<std::string> text = read_text_file(file);
  if (!text.ok()) return text.status();
  Result<SchedulerConfig> parsed = parse_scheduler_config(*text, file.string(), class_in_index);
  if (!parsed.ok()) return parsed.status();
  *config = std::move(*parsed);
  return {};
}

Status check_fit(const ModelFolder& model) {
  const auto differ = [&](const std::string& left, int a, const std::string& right, int b) {
    return Status(StatusCode::kInvalidModel, model.path.string() + ": " + left + " is " + std::to_string(a) + ", but " +
                                                 right + " is " + std::to_string(b));
  };
  if (model.unet.cross_attention_dim != model.text_encoder.hidden_size) {
    return differ("unet/config.json's cross_attention_dim", model.unet.cross_attention_dim,
                  "text_encoder/config.json's hidden_size", model.text_encoder.hidden_size);
  }
  const int latent = model.decoder.latent_channels;
  for (const auto& [channels, kind] :
       {std::pair{2 * latent + 1, "an inpainting model's, which reads a mask and a masked picture beside the latent"},
        std::pair{2 * latent, "an InstructPix2Pix model's, which reads a picture to be changed beside the latent"},
        std::pair{latent + 1, "a depth model's, which reads a map of depths beside the latent"},
        std::pair{latent + 3, "an upscaler's, which reads a small picture beside the latent"}}) {
    if (model.unet.in_channels != channels || model.unet.out_channels != latent) continue;
    return Status(StatusCode::kUnsupported, model.path.string() + ": unet/config.json's in_channels is " +
                                                std::to_string(channels) + ", " + kind +
                                                "; supported: " + std::to_string(latent) + ", the latent alone");
  }
  if (model.unet.in_channels != latent) {
    const std::string vae = model.vae_folder == model.path / "vae" ? "vae" : model.vae_folder.string();
    return differ("unet/config.json's in_channels", model.unet.in_channels, vae + "/config.json's latent_channels",
                  latent);
  }
  if (model.unet.out_channels != model.unet.in_channels) {
    return differ("unet/config.json's out_channels", model.unet.out_channels, "its in_channels",
                  model.unet.in_channels);
  }
  return {};
}

// What stands where a model was meant to be.
std::string what_is_there(const SourcePath& folder) {
  std::string models, files;
  for (const std::string& leaf : folder.list()) {
    const SourcePath below = folder / leaf;
    const bool is_model = (below / "model_index.json").exists() || (leaf.starts_with("models--") && below.is_folder());
    if (is_model) add_to_list(models, leaf);
    for (const char* suffix : {".safetensors", ".ckpt", ".gguf", ".onnx"}) {
      if (leaf.ends_with(suffix)) add_to_list(files, leaf);
    }
  }
  if (!models.empty()) return "; it holds the models " + in_message(models) + ": name one of them";
  if (!files.empty())
    return "; it holds " + in_message(files) +
           ", and a model is a folder in the layout of diffusers (model_index.json and a folder a network), which its "
           "from_single_file() and save_pretrained() make of one file";
  return {};
}

// The folder itself, or what a packed model holds.
Result<SourcePath> as_folder(const SourcePath& given) {
  if (given.is_folder()) return given;
  if (!given.exists()) return Status(StatusCode::kNotFound, "there is no model " + given.string());
  if (given.on_disk() && claims_to_be_packed(given.name())) {
    Result<PackedModel> packed = open_packed_model(given.name());
    if (!packed.ok()) return packed.status();
    return SourcePath(std::move(*packed), "");
  }
  return Status(StatusCode::kNotFound,
                given.string() +
                    " is a file; a model is a folder in the layout of diffusers (model_index.json and a folder a "
                    "network), which its from_single_file() and save_pretrained() make of one, or what "
                    "`mobilediffusion pack` makes of such a folder");
}

// A folder on disk or within the model's, and of Hugging Face's cache the snapshot in it.
Result<SourcePath> find_autoencoder(const SourcePath& model, const std::string& named) {
  if (named.empty()) return model / "vae";
  if (const SourcePath alone(named); alone.is_folder()) return resolve_hub_folder(alone);
  if (SourcePath within = model / named; within.is_folder()) return within;
  return Status(StatusCode::kNotFound, "there is no autoencoder folder " + named + ", nor " + (model / named).string());
}

}  // namespace

Result<ModelFolder> open_model_folder(const SourcePath& given, const std::string& vae) {
  const Result<SourcePath> folder = as_folder(given);
  if (!folder.ok()) return folder.status();
  const Result<SourcePath> resolved = resolve_hub_folder(*folder);
  if (!resolved.ok()) return resolved.status();
  const SourcePath& path = *resolved;
  Result<SourcePath> autoencoder = find_autoencoder(path, vae);
  if (!autoencoder.ok()) return autoencoder.status();
  ModelFolder model;
  model.path = path;
  model.name = display_name(path);
  model.vae_folder = std::move(*autoencoder);

  Result<ModelIndex> index = read_model_index(path / "model_index.json");
  if (index.status().code() == StatusCode::kNotFound) {
    if (Status alone = refuse_network_alone(path); !alone.ok()) return alone;
    return Status(index.status().code(), index.status().message() + what_is_there(path));
  }
  if (!index.ok()) return index.status();
  std::vector<std::string> written = std::move(index->names);
  Status status = read_config(path / "text_encoder/config.json", &parse_text_encoder_config, &model.text_encoder);
  if (status.ok()) status = read_config(path / "unet/config.json", &parse_unet_config, &model.unet, &written);
  if (status.ok()) status = read_config(model.vae_folder / "config.json", &parse_decoder_config, &model.decoder);
  if (status.ok())
    status = read_scheduler(path / "scheduler/scheduler_config.json", index->scheduler, &model.scheduler);
  if (status.ok()) status = check_fit(model);
  if (!status.ok()) return status;
  std::vector<std::string> names = names_of(given);
  for (std::string& name : names_of(path)) names.push_back(std::move(name));
  model.recipe = apply_known_model(names, written, model.unet, &model.scheduler);
  return model;
}

Result<std::string> find_default_model() {
  if (std::string named = environment_variable("MOBILEDIFFUSION_MODEL"); !named.empty()) return named;
  const std::filesystem::path models = "models", shared = MOBILEDIFFUSION_INSTALL_DATADIR "/mobilediffusion/models";
  std::vector<std::filesystem::path> binaries = {own_binary()};
  if (auto program = running_program(); program != binaries.front()) binaries.push_back(std::move(program));
  std::vector<std::filesystem::path> places;  // each a file or a folder
  for (const auto& binary : binaries) {
    if (binary.empty()) continue;
    if (holds_packed_model(to_utf8(binary))) return to_utf8(binary);
    const auto folder = binary.parent_path();
    places.push_back(folder / "model.mdiff");
    places.push_back(folder / models / MOBILEDIFFUSION_DEFAULT_MODEL);
    // <prefix>/bin and <prefix>/lib, and Debian's <prefix>/lib/<triplet>
    places.push_back(folder / ".." / shared / MOBILEDIFFUSION_DEFAULT_MODEL);
    places.push_back(folder / "../.." / shared / MOBILEDIFFUSION_DEFAULT_MODEL);
  }
  places.push_back(to_path(MOBILEDIFFUSION_SOURCE_MODELS_DIR) / MOBILEDIFFUSION_DEFAULT_MODEL);
  std::string tried;
  for (const auto& place : places) {
    std::error_code error;
    const auto path = place.lexically_normal();
    if (std::filesystem::is_regular_file(path, error) || std::filesystem::exists(path / "model_index.json", error))
      return to_utf8(path);
    tried += "\n  " + to_utf8(path);
  }
  return Status(StatusCode::kNotFound,
                "there is no default model; name one, or set MOBILEDIFFUSION_MODEL. It was looked for in" + tried);
}

}  // namespace mobilediffusion
