// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Which tensors a model is made of: what its networks ask their files for.
#pragma once

#include <vector>

#include "mobilediffusion/status.h"
#include "src/model/model_folder.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// Each with the precision that it is computed in where the network is built in int8. Of the autoencoder, the decoder's
// and as much of the encoder's as its file has. Errors: kNotFound, kIoError, kInvalidModel (of the file whose names
// decide).
struct ModelTensors {
  using Entries = std::vector<ManifestWeights::Entry>;

  static Result<ModelTensors> of(const ModelFolder& model);

  Entries text_encoder, unet, autoencoder;
};

}  // namespace mobilediffusion
