// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The UNet's transformers. MobileDiffusion's (section 3.2 of its paper): attention whose keys and values share a
// projection, gated feed-forward, no self-attention where the grid is large. Stable Diffusion's: a projection for each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/elementwise/elementwise.h"
#include "src/model/config.h"
#include "src/networks/layers.h"

namespace mobilediffusion {

struct TransformerSpec {
  int channels = 0;       // of the feature map
  int context_width = 0;  // of the text's hidden states
  int heads = 1;
  int feed_forward_ratio = 0;
  AttentionKind kind = AttentionKind::kSoftmax;
  FeedForwardGate gate = FeedForwardGate::kSilu;
  bool shared_key_value = true;
  bool convolution_projections = false;
  bool self_attention = false;
  bool only_cross_attention = false;  // attn1 reads the text as attn2 does
  int layers = 0;
  int groups = 32;
  UNetNames names;

  int width() const { return channels / heads * heads; }  // of the tokens
};

// Attention with its projections: ONE for keys and values in MobileDiffusion, one for each elsewhere.
class ProjectedAttention {
 public:
  ProjectedAttention(const Scope& at, const TransformerSpec& spec, int context_width);

  // What it reads without converting first.
  kernels::Format input_format() const { return to_q_.input_format(); }

  // Queries from x, keys and values from `source`.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& x, const kernels::Tensor& source) const;

 private:
  kernels::Linear to_q_;
  kernels::Linear to_k_;                 // or both
  std::optional<kernels::Linear> to_v_;  // none: the keys are the values
  kernels::Linear to_out_;
  kernels::Attention attention_;
};

class TransformerBlock {
 public:
  TransformerBlock(const Scope& at, const TransformerSpec& spec);

  void operator()(kernels::Context& context, kernels::Tensor& x, const kernels::Tensor& text) const;

 private:
  struct SelfAttention {
    kernels::LayerNorm norm;
    ProjectedAttention attention;
  };
  std::string name_;
  kernels::Activation gate_;
  std::optional<SelfAttention> self_;
  bool only_cross_attention_;
  kernels::LayerNorm norm2_;
  ProjectedAttention attn2_;
  kernels::LayerNorm norm3_;
  kernels::Linear ff_proj_, ff_out_;
};

// A stack of blocks over a feature map, whose pixels are the tokens.
class Transformer {
 public:
  Transformer(const Scope& at, const TransformerSpec& spec);

  // Into x.
  void operator()(kernels::Context& context, kernels::Tensor& x, const kernels::Tensor& text) const;

 private:
  std::string name_;
  kernels::GroupNorm norm_;
  kernels::Linear proj_in_;
  std::vector<TransformerBlock> blocks_;
  kernels::Linear proj_out_;
};

}  // namespace mobilediffusion
