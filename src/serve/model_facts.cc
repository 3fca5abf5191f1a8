// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/model_facts.h"

#include <algorithm>
#include <memory>

#include "src/features/features.h"
#include "src/model/model_folder.h"
#include "src/text/word_list.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion::serve {
namespace {

Result<bool> has_encoder(const ModelFolder& model) {
  if constexpr (!features::kImageToImage) return false;
  const Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(model.decoder_weights());
  if (!weights.ok()) return weights.status();
  const auto tensors = (*weights)->tensors();
  return std::any_of(tensors.begin(), tensors.end(),
                     [](const auto& tensor) { return tensor.first.starts_with("encoder."); });
}

}  // namespace

Result<nlohmann::ordered_json> model_facts(const std::string& path, const std::string& vae) {
  const Result<ModelFolder> model = open_model_folder(path, vae);
  if (!model.ok()) return model.status();
  const Result<WordList> words = WordList::load(model->path);
  if (!words.ok()) return words.status();
  const Result<bool> encoder = has_encoder(*model);
  if (!encoder.ok()) return encoder.status();

  const int upscale = model->decoder.upscale(), side = model->unet.sample_size * upscale;
  nlohmann::ordered_json sizes = nlohmann::ordered_json::array();
  for (const LatentSize& size : model->unet.sample_sizes)
    sizes.push_back({size.width * upscale, size.height * upscale});
  nlohmann::ordered_json groups = nlohmann::ordered_json::object();
  for (const auto& [name, phrases] : words->groups()) groups[name] = phrases;
  return nlohmann::ordered_json{{"model", model->name},
                                {"width", side},
                                {"height", side},
                                {"size_multiple", upscale * model->unet.latent_multiple()},
                                {"sizes", sizes},
                                {"steps", model->scheduler.usual_steps()},
                                {"guidance", model->scheduler.guidance},
                                {"sampler", model->scheduler.sampler},
                                {"encoder", *encoder},
                                {"words", groups}};
}

}  // namespace mobilediffusion::serve
