// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/text_encoder.h"

#include <algorithm>

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

// Where the tensors lie: transformers before 5.6 puts "text_model." in front of their names.
Scope inner(const Scope& at) { return at.has("embeddings.token_embedding.weight") ? at : at / "text_model"; }

}  // namespace

TextEncoder::TextEncoder(const Scope& at, const TextEncoderConfig& config)
    : config_(config),
      token_embedding_(inner(at) / "embeddings.token_embedding", config.vocab_size, config.hidden_size),
      position_embedding_(sensitive(inner(at)) / "embeddings.position_embedding", config.max_position_embeddings,
                          config.hidden_size),
      final_layer_norm_(bind_layer_norm(inner(at) / "final_layer_norm", config.hidden_size, config.layer_norm_eps)) {
  const int width = config.hidden_size;
  for (int i = 0; i < config.num_hidden_layers; ++i) {
    const Scope layer = inner(at) / "encoder.layers" / i;
    const auto projection = [&](std::string_view name) {
      return bind_linear(layer / "self_attn" / name, {.in = width, .out = width});
    };
    layers_.push_back({layer.name(), bind_layer_norm(layer / "layer_norm1", width, config.layer_norm_eps),
                       projection("q_proj"), projection("k_proj"), projection("v_proj"), projection("out_proj"),
                       kernels::Attention(layer.name(), {.heads = config.num_attention_heads, .causal = true},
                                          at.packing().precision),
                       bind_layer_norm(layer / "layer_norm2", width, config.layer_norm_eps),
                       bind_linear(layer / "mlp.fc1", {.in = width, .out = config.intermediate_size}),
                       bind_linear(layer / "mlp.fc2", {.in = config.intermediate_size, .out = width})});
  }
}

void TextEncoder::run(Context& context, const Layer& layer, Tensor& x) const {
  Tensor h = layer.layer_norm1(context, x, layer.q_proj.input_format());
  h = layer.attention(context, layer.q_proj(context, h), layer.k_proj(context, h), layer.v_proj(context, h));
  kernels::add(context, layer.name, x, layer.out_proj(context, h));

  h = layer.fc1(context, layer.layer_norm2(context, x, layer.fc1.input_format()));
  kernels::activate(
      context, layer.name,
      config_.hidden_act == HiddenActivation::kGelu ? kernels::Activation::kGelu : kernels::Activation::kQuickGelu, h);
  kernels::add(context, layer.name, x, layer.fc2(context, h));
}

Tensor TextEncoder::operator()(Context& context, std::span<const int> ids) const {
  const int64_t width = config_.hidden_size;
  Tensor x = context.make({1, 1, static_cast<int64_t>(ids.size()), width});
  if (context.computes()) {
    for (size_t position = 0; position < ids.size(); ++position) {
      float* const to = x.data() + static_cast<int64_t>(position) * width;
      std::fill_n(to, width, 0.0f);
      token_embedding_.add_row(ids[position], to);
      position_embedding_.add_row(static_cast<int>(position), to);
    }
  }
  for (const Layer& layer : layers_) {
    run(context, layer, x);
    context.block_done();
  }
  return final_layer_norm_(context, x);
}

}  // namespace mobilediffusion
