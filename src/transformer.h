// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The UNet's transformers (section 3.2 of the MobileDiffusion paper): attention whose keys and values share a
// projection, gated feed-forward, no self-attention where the grid is large.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/attention.h"
#include "src/config.h"
#include "src/layers.h"

namespace mobilediffusion {

struct TransformerSpec {
  int width = 0;
  int context_width = 0;  // of the text's hidden states
  int head_dim = 0;       // divides the width
  int feed_forward_ratio = 0;
  AttentionKind kind = AttentionKind::kSoftmax;
  bool self_attention = false;
  int layers = 0;
  int groups = 32;
};

// Attention with ONE projection for keys and values.
class SharedKeyValueAttention {
 public:
  SharedKeyValueAttention(const Scope& at, const TransformerSpec& spec, int context_width);

  // What it reads without converting first.
  kernels::Format input_format() const { return to_q_.input_format(); }

  // Queries from x, keys and values from `source`.
  kernels::Tensor operator()(kernels::Context& context, const kernels::Tensor& x, const kernels::Tensor& source) const;

 private:
  kernels::Linear to_q_, to_kv_, to_out_;
  kernels::Attention attention_;
};

class TransformerBlock {
 public:
  TransformerBlock(const Scope& at, const TransformerSpec& spec);

  void operator()(kernels::Context& context, kernels::Tensor& x, const kernels::Tensor& text) const;

 private:
  struct SelfAttention {
    kernels::LayerNorm norm;
    SharedKeyValueAttention attention;
  };
  std::string name_;
  std::optional<SelfAttention> self_;
  kernels::LayerNorm norm2_;
  SharedKeyValueAttention attn2_;
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
