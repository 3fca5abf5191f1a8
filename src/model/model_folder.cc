// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/model_folder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "src/files/json_reader.h"
#include "src/files/own_location.h"
#include "src/files/utf8_path.h"
#include "src/model/known_models.h"

namespace mobilediffusion {
namespace {

// What model_index.json may call the model, and each part.
struct Part {
  const char* key;
  std::vector<std::string_view> classes;
};

const std::vector<Part>& parts() {
  static const std::vector<Part> all = {
      {"text_encoder", {"CLIPTextModel"}},
      {"unet", {"MobileDiffusionUNet", "UNet2DConditionModel"}},
      {"vae", {"AutoencoderKL", "AutoencoderTiny"}},
      {"scheduler", {}},  // its own configuration says which, and what is supported
  };
  return all;
}

const std::vector<std::string_view> kPipelines = {"MobileDiffusionPipeline",
                                                  "StableDiffusionPipeline",
                                                  "StableDiffusionImg2ImgPipeline",
                                                  "LatentConsistencyModelPipeline",
                                                  "LatentConsistencyModelImg2ImgPipeline",
                                                  "RectifiedFlowPipeline"};

Status check_class(const std::string& file, const std::string& part, const std::string& found,
                   const std::vector<std::string_view>& supported) {
  if (supported.empty() || std::find(supported.begin(), supported.end(), found) != supported.end()) return {};
  std::string names;
  for (const std::string_view name : supported) names += (names.empty() ? "" : ", ") + std::string(name);
  return Status(StatusCode::kUnsupported,
                file + ": " + part + " is of the class " + in_message(found) + "; supported: " + names);
}

// Kinds of models that people have and that cannot run, by a part of their pipeline's name: what is in their way.
struct Stranger {
  std::string_view in_class, reason;
};

constexpr Stranger kStrangers[] = {
    {"ControlNet", "a second network steers its UNet"},
    {"Inpaint", "its UNet reads a mask and a masked picture beside the latent"},
    {"XL", "it has two text encoders and tells its UNet the picture's size"},
    {"StableDiffusion3", "it has a transformer in place of the UNet, and three text encoders"},
    {"Flux", "it has a transformer in place of the UNet, and a T5 text encoder"},
    {"PixArt", "it has a transformer in place of the UNet, and a T5 text encoder"},
    {"Sana", "it has a transformer in place of the UNet"},
    {"Video", "it draws several frames at once"},
};

Status refuse_pipeline(const std::string& path, const std::string& found, Status status) {
  for (const Stranger& stranger : kStrangers) {
    if (found.find(stranger.in_class) == std::string::npos) continue;
    return Status(status.code(), path + ": the model is of the class " + in_message(found) +
                                     ", which cannot run: " + std::string(stranger.reason) +
                                     "; supported: one CLIP text encoder, one UNet, one autoencoder, as " +
                                     std::string(kPipelines[1]) + " has them");
  }
  return status;
}

// Parts that are there in none of the models that run, whatever their pipeline is called.
Status check_no_further_parts(const std::string& path, const nlohmann::json& index) {
  for (const char* part : {"text_encoder_2", "transformer", "controlnet", "prior"}) {
    if (!index.contains(part) || !index[part].is_array() || index[part].size() != 2 || !index[part][1].is_string())
      continue;
    return Status(StatusCode::kUnsupported, path + ": the model has a " + part + " (" +
                                                in_message(index[part][1].get<std::string>()) +
                                                "); supported: text_encoder, unet, vae, scheduler and tokenizer");
  }
  return {};
}

// What a configuration's writer called the model. "" where it does not say.
std::string writers_name(const nlohmann::json& object) {
  const auto name = object.is_object() ? object.find("_name_or_path") : object.end();
  return name != object.end() && name->is_string() ? name->get<std::string>() : std::string();
}

// model_index.json: every part's class is one that we run. Adds what the model and its pipeline are called to `names`.
Status check_index(const SourcePath& file, std::vector<std::string>* names) {
  const std::string path = file.string();
  Result<std::string> text = read_text_file(file);
  if (!text.ok()) return text.status();
  JsonReader json(*text, path);
  const std::string pipeline = json.string("_class_name");
  if (!json.status().ok()) return json.status();
  if (Status status = check_class(path, "the model", pipeline, kPipelines); !status.ok())
    return refuse_pipeline(path, pipeline, std::move(status));
  if (Status status = check_no_further_parts(path, json.object()); !status.ok()) return status;
  for (const Part& part : parts()) {
    const auto& object = json.object();
    if (!object.contains(part.key) || !object[part.key].is_array() || object[part.key].size() != 2 ||
        !object[part.key][1].is_string()) {
      return Status(StatusCode::kInvalidModel, path + " lacks the key \"" + part.key + "\" ([library, class])");
    }
    Status status = check_class(path, part.key, object[part.key][1].get<std::string>(), part.classes);
    if (!status.ok()) return status;
  }
  names->push_back(writers_name(json.object()));
  names->push_back(pipeline);
  return {};
}

// A folder with one network in it, a ControlNet say, says which.
Status refuse_network_alone(const SourcePath& folder) {
  const SourcePath config = folder / "config.json";
  Result<std::string> text = read_text_file(config);
  if (!text.ok()) return {};
  JsonReader json(*text, config.string());
  const std::string found = json.string("_class_name", "");
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

// The scheduler's class is its own file's; where that names none, model_index.json's, which was checked before.
Status read_scheduler(const SourcePath& model, SchedulerConfig* config) {
  const SourcePath file = model / "scheduler/scheduler_config.json", index = model / "model_index.json";
  const Result<std::string> text = read_text_file(file), index_text = read_text_file(index);
  if (!text.ok()) return text.status();
  if (!index_text.ok()) return index_text.status();
  const JsonReader json(*index_text, index.string());
  Result<SchedulerConfig> parsed =
      parse_scheduler_config(*text, file.string(), json.object()["scheduler"][1].get<std::string>());
  if (!parsed.ok()) return parsed.status();
  *config = std::move(*parsed);
  return {};
}

Status check_fit(const ModelFolder& model) {
  const auto differ = [&](const std::string& left, int a, const std::string& right, int b) {
    return Status(StatusCode::kInvalidModel, model.path.string() + ": " + left + " is " + std::to_string(a) + ", but " + right +
                                                 " is " + std::to_string(b));
  };
  if (model.unet.cross_attention_dim != model.text_encoder.hidden_size) {
    return differ("unet/config.json's cross_attention_dim", model.unet.cross_attention_dim,
                  "text_encoder/config.json's hidden_size", model.text_encoder.hidden_size);
  }
  if (model.unet.in_channels == 2 * model.decoder.latent_channels + 1) {
    return Status(
        StatusCode::kUnsupported,
        model.path.string() + ": unet/config.json's in_channels is " + std::to_string(model.unet.in_channels) +
            ", an inpainting model's, which reads a mask and a masked picture beside the latent; supported: " +
            std::to_string(model.decoder.latent_channels) + ", the latent alone");
  }
  if (model.unet.in_channels != model.decoder.latent_channels) {
    return differ("unet/config.json's in_channels", model.unet.in_channels, "vae/config.json's latent_channels",
                  model.decoder.latent_channels);
  }
  if (model.unet.out_channels != model.unet.in_channels) {
    return differ("unet/config.json's out_channels", model.unet.out_channels, "its in_channels",
                  model.unet.in_channels);
  }
  return {};
}

// The folder's own name; on disk wherever a link or ".." leads.
std::string name_of(const SourcePath& path) {
  if (!path.on_disk()) return path.name().empty() ? path.string() : path.leaf();
  std::error_code error;
  const std::filesystem::path given = to_path(path.name()), real = std::filesystem::weakly_canonical(given, error);
  return to_utf8((error ? given : real).filename());
}

}  // namespace

Result<ModelFolder> open_model_folder(const SourcePath& path, const std::string& vae) {
  if (!path.is_folder()) {
    return Status(StatusCode::kNotFound,
                  path.exists()
                      ? path.string() +
                            " is a file; a model is a folder in the layout of diffusers (model_index.json and a "
                            "folder a network), which its from_single_file() and save_pretrained() make of one"
                      : "there is no model folder " + path.string());
  }
  ModelFolder model;
  model.path = path;
  model.name = name_of(path);
  model.vae_folder = vae.empty() ? path / "vae" : SourcePath(vae);
  if (!vae.empty() && !model.vae_folder.is_folder()) {
    model.vae_folder = path / vae;
    if (!model.vae_folder.is_folder())
      return Status(StatusCode::kNotFound,
                    "there is no autoencoder folder " + vae + ", nor " + model.vae_folder.string());
  }

  std::vector<std::string> names = {model.name};
  Status status = check_index(path / "model_index.json", &names);
  if (status.code() == StatusCode::kNotFound) {
    if (Status alone = refuse_network_alone(path); !alone.ok()) return alone;
  }
  if (status.ok())
    status = read_config(path / "text_encoder/config.json", &parse_text_encoder_config, &model.text_encoder);
  if (status.ok()) status = read_config(path / "unet/config.json", &parse_unet_config, &model.unet, &names);
  if (status.ok()) status = read_config(model.vae_folder / "config.json", &parse_decoder_config, &model.decoder);
  if (status.ok()) status = read_scheduler(path, &model.scheduler);
  if (status.ok()) status = check_fit(model);
  if (!status.ok()) return status;
  apply_known_model(names, model.unet, &model.scheduler);
  return model;
}

Result<std::string> find_default_model() {
  if (const char* named = std::getenv("MOBILEDIFFUSION_MODEL"); named != nullptr && *named != '\0')
    return std::string(named);
  std::vector<std::filesystem::path> places;
  if (const auto folder = own_folder(); !folder.empty()) {
    // <prefix>/bin and <prefix>/lib, and Debian's <prefix>/lib/<triplet>
    places.push_back(folder / ".." / MOBILEDIFFUSION_INSTALL_DATADIR / "mobilediffusion/models/scenes");
    places.push_back(folder / "../.." / MOBILEDIFFUSION_INSTALL_DATADIR / "mobilediffusion/models/scenes");
  }
  places.push_back(to_path(MOBILEDIFFUSION_SOURCE_MODELS_DIR) / "scenes");
  std::string tried;
  for (const auto& place : places) {
    std::error_code error;
    const auto folder = place.lexically_normal();
    if (std::filesystem::exists(folder / "model_index.json", error)) return to_utf8(folder);
    tried += "\n  " + to_utf8(folder);
  }
  return Status(StatusCode::kNotFound,
                "there is no default model; name one, or set MOBILEDIFFUSION_MODEL. It was looked for in" + tried);
}

}  // namespace mobilediffusion
