// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model/model_index.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "src/files/in_message.h"
#include "src/model/config_reading.h"

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
  for (const std::string_view name : supported) add_to_list(names, name);
  return Status(StatusCode::kUnsupported,
                file + ": " + part + " is of the class " + in_message(found) + "; supported: " + names);
}

// Kinds of models that people have and that cannot run, by a part of their pipeline's name: what is in their way.
struct Stranger {
  std::string_view in_class, reason;
};

// The first that fits counts.
constexpr Stranger kStrangers[] = {
    {"Flax", "its weights are Flax's (.msgpack); fetch the same model's PyTorch folder"},
    {"Onnx", "its networks are ONNX files; fetch the same model's PyTorch folder"},
    {"ControlNet", "a second network steers its UNet"},
    {"Adapter", "a second network steers its UNet"},
    {"InstructPix2Pix", "its UNet reads a picture to be changed beside the latent"},
    {"ImageVariation", "a picture and not words tells it what to draw"},
    {"Unclip", "a picture's embedding tells it what to draw"},
    {"UnCLIP", "a picture's embedding tells it what to draw"},
    {"Kandinsky", "a second model makes a picture's embedding, which tells it what to draw"},
    {"Depth2Img", "its UNet reads a map of depths beside the latent"},
    {"Upscale", "its UNet reads a small picture beside the latent"},
    {"GLIGEN", "its UNet reads boxes and what is in them"},
    {"LDM3D", "its autoencoder has depths beside the colours"},
    {"Inpaint", "its UNet reads a mask and a masked picture beside the latent"},
    {"XL", "it has two text encoders and tells its UNet the picture's size"},
    {"StableDiffusion3", "it has a transformer in place of the UNet, and three text encoders"},
    {"Flux", "it has a transformer in place of the UNet, and a T5 text encoder"},
    {"PixArt", "it has a transformer in place of the UNet, and a T5 text encoder"},
    {"Sana", "it has a transformer in place of the UNet"},
    {"HunyuanDiT", "it has a transformer in place of the UNet, and two text encoders"},
    {"AuraFlow", "it has a transformer in place of the UNet, and another text encoder"},
    {"Kolors", "it has another text encoder, and tells its UNet the picture's size"},
    {"Cascade", "it has three stages with networks of their own"},
    {"Wuerstchen", "it has three stages with networks of their own"},
    {"IFPipeline", "it draws pixels in stages, from a T5 text encoder"},
    {"AltDiffusion", "it has a text encoder of many languages"},
    {"Audio", "it makes sounds"},
    {"Video", "it draws several frames at once"},
    {"AnimateDiff", "it draws several frames at once"},
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

}  // namespace

Result<ModelIndex> read_model_index(const SourcePath& file) {
  const std::string path = file.string();
  Result<std::string> text = read_text_file(file);
  if (!text.ok()) return text.status();
  JsonReader json(*text, path);
  if (json.status().ok() && !json.has("_class_name")) json.string("_class_name");  // says that it is missing
  const std::string pipeline = read_class_name(json, "");
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
  return ModelIndex{.names = {writers_name(json.object()), pipeline},
                    .scheduler = json.object()["scheduler"][1].get<std::string>()};
}

std::string writers_name(const nlohmann::json& object) {
  const auto name = object.is_object() ? object.find("_name_or_path") : object.end();
  return name != object.end() && name->is_string() ? name->get<std::string>() : std::string();
}

}  // namespace mobilediffusion
