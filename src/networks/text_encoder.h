// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// CLIP's text encoder (Radford et al., 2021): a causal pre-norm transformer over the prompt's tokens.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/elementwise/elementwise.h"
#include "src/model/config.h"
#include "src/networks/embedding.h"
#include "src/networks/layers.h"

namespace mobilediffusion {

class TextEncoder {
 public:
  // Binds "text_model.embeddings.token_embedding.weight" and the rest below `at`, or the same without "text_model.".
  TextEncoder(const Scope& at, const TextEncoderConfig& config);

  // The final layer norm's output at every position, (1, 1, ids.size(), hidden_size): the condition. At most
  // max_position_embeddings ids, each below vocab_size.
  kernels::Tensor operator()(kernels::Context& context, std::span<const int> ids) const;

 private:
  struct Layer {
    std::string name;
    kernels::LayerNorm layer_norm1;
    kernels::Linear q_proj, k_proj, v_proj, out_proj;
    kernels::Attention attention;
    kernels::LayerNorm layer_norm2;
    kernels::Linear fc1, fc2;
  };

  void run(kernels::Context& context, const Layer& layer, kernels::Tensor& x) const;

  TextEncoderConfig config_;
  Embedding token_embedding_;     // (vocab_size, hidden_size)
  Embedding position_embedding_;  // (max_position_embeddings, hidden_size)
  std::vector<Layer> layers_;
  kernels::LayerNorm final_layer_norm_;
};

}  // namespace mobilediffusion
