// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a model costs, counted by building it without weights and running it without computing: the one description of a
// network serves here too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/runtime/context.h"
#include "src/model/model_folder.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

struct Cost {
  std::string name;
  int64_t parameters = 0;
  int64_t macs = 0;  // multiply-accumulates of convolutions, linears and the two attention products
};

struct NetworkCost {
  Cost whole;
  std::vector<Cost> blocks;  // in the order of the forward pass; they add up to the whole
  std::vector<ManifestWeights::Entry> tensors;
  kernels::Trace operators;  // one run's, none of which computed
};

struct AutoencoderCost {
  NetworkCost decoder;
  NetworkCost encoder;  // for pictures that begin with one
};

struct ModelCost : AutoencoderCost {
  NetworkCost text_encoder, unet;

  Cost total() const;  // of a picture that begins with noise
};

// One run of each network: all text positions, and a latent of `height` by `width`. What a precision changes is what
// the operators are computed by.
ModelCost cost_of(const ModelFolder& model, int height, int width,
                  kernels::Precision precision = kernels::Precision::kFloat32);
AutoencoderCost cost_of(const DecoderConfig& autoencoder, int height, int width,
                        kernels::Precision precision = kernels::Precision::kFloat32);

}  // namespace mobilediffusion
