// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/model_tensors.h"

#include <memory>
#include <utility>

#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion {
namespace {

template <typename Network, typename Config>
ModelTensors::Entries entries_of(const char* name, const Config& config, const WeightSource& file) {
  ManifestWeights manifest(&file);
  const Network network(Scope(manifest, name, kernels::Precision::kInt8), config);
  return manifest.entries();
}

}  // namespace

Result<ModelTensors> ModelTensors::of(const ModelFolder& model) {
  const Result<std::unique_ptr<FileWeights>> text_encoder = FileWeights::open(model.text_encoder_weights());
  if (!text_encoder.ok()) return text_encoder.status();
  const Result<std::unique_ptr<FileWeights>> unet = FileWeights::open(model.unet_weights());
  if (!unet.ok()) return unet.status();
  const Result<std::unique_ptr<FileWeights>> autoencoder = FileWeights::open(model.decoder_weights());
  if (!autoencoder.ok()) return autoencoder.status();
  ModelTensors tensors;
  tensors.text_encoder = entries_of<TextEncoder>("text_encoder", model.text_encoder, **text_encoder);
  tensors.unet = entries_of<UNet>("unet", model.unet, **unet);
  tensors.autoencoder = entries_of<Decoder>("decoder", model.decoder, **autoencoder);
  for (ManifestWeights::Entry& entry : entries_of<Encoder>("encoder", model.decoder, **autoencoder)) {
    if ((*autoencoder)->has(entry.name)) tensors.autoencoder.push_back(std::move(entry));
  }
  return tensors;
}

}  // namespace mobilediffusion
