// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A model: a folder in the layout of the diffusers library, or such a folder packed into one file (packed_model.h).
#pragma once

#include <string>

#include "mobilediffusion/status.h"
#include "src/files/file_source.h"
#include "src/model/config.h"
#include "src/model/known_models.h"

namespace mobilediffusion {

struct ModelFolder {
  SourcePath path;
  std::string name;  // the folder's own
  SourcePath vae_folder;
  TextEncoderConfig text_encoder;
  UNetConfig unet;
  DecoderConfig decoder;
  SchedulerConfig scheduler;
  Recipe recipe;

  SourcePath tokenizer_folder() const { return path / "tokenizer"; }
  SourcePath text_encoder_weights() const { return path / "text_encoder/model.safetensors"; }
  SourcePath unet_weights() const { return path / "unet/diffusion_pytorch_model.safetensors"; }
  SourcePath decoder_weights() const { return vae_folder / "diffusion_pytorch_model.safetensors"; }
};

// Reads model_index.json and every network's configuration, and checks that they fit one another. Weights and tokenizer
// are not looked at: a folder without them is a configuration. Errors: kNotFound, kIoError, kInvalidModel, kUnsupported
// (an unknown class). A folder of Hugging Face's cache is its snapshot (hub_folder.h). `vae` names another folder with
// an autoencoder, on disk or within the model's; empty: vae/.
Result<ModelFolder> open_model_folder(const SourcePath& path, const std::string& vae = "");

// Where the default model is; the order is Pipeline::load()'s. kNotFound says where it was looked for.
Result<std::string> find_default_model();

}  // namespace mobilediffusion
