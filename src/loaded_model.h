// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Everything that load() reads of a model: what its files say, its tokenizer, its words, its networks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/model/model_folder.h"
#include "src/options/option_checks.h"
#include "src/stages.h"
#include "src/text/tokenizer.h"
#include "src/text/word_list.h"
#include "src/text_memory.h"

namespace mobilediffusion {

// How often each network says that a block is done: the totals of the progress.
struct BlockCounts {
  int text = 0, unet = 0, decoder = 0, encoder = 0;
};

struct LoadedModel {
  // `options` were checked. Errors: as Pipeline::load()'s.
  static Result<LoadedModel> load(const SourcePath& folder, const LoadOptions& options);

  int default_side() const { return folder.unet.sample_size * folder.decoder.upscale(); }
  PictureLimits limits() const {
    const int upscale = folder.decoder.upscale();
    return {.size_multiple = upscale * folder.unet.latent_multiple(),
            .upscale = upscale,
            .latent_channels = folder.unet.in_channels};
  }

  ModelFolder folder;
  std::unique_ptr<Tokenizer> tokenizer;
  WordList words;
  Stages stages;
  TextMemory text_memory;
  std::vector<std::string> loras;  // as a picture's provenance names them
  BlockCounts blocks;
  bool assumption_noted = false;  // the log has been told how the model is taken to be sampled from
};

}  // namespace mobilediffusion
