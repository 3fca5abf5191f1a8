// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/cost.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"

namespace mobilediffusion {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::ThreadPool;

// The block that a tensor or an operator belongs to: "down_blocks.1.resnets.0.conv1" is in "down_blocks.1". Prefixes
// that every name of a network shares say nothing.
std::string block_of(std::string_view name) {
  for (const std::string_view shared : {"text_model.", "encoder.", "decoder."}) {
    if (name.starts_with(shared)) name.remove_prefix(shared.size());
  }
  size_t end = std::min(name.find('.'), name.size());
  if (end + 1 < name.size() && std::isdigit(static_cast<unsigned char>(name[end + 1])) != 0) {
    end = std::min(name.find('.', end + 1), name.size());
  }
  return std::string(name.substr(0, end));
}

// The first stands for the network's ends, which come in pieces.
Cost& block_at(std::vector<Cost>& blocks, const std::string& name) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Cost& cost) { return cost.name == name; });
  return found != blocks.end() ? *found : blocks.emplace_back(Cost{name});
}

// Builds a Network and runs it by `run(context, network)`, both without data.
template <typename Network, typename Config, typename Run>
NetworkCost cost_of_network(const std::string& name, const Config& config, kernels::Precision precision, Run&& run) {
  ManifestWeights weights;
  const Network network(Scope(weights, name, precision), config);
  const ThreadPool one(1);
  Arena arena(Arena::Mode::kMeasure);
  Context context(one, arena);
  kernels::Trace trace;
  context.set_trace(&trace);
  run(context, network);

  NetworkCost cost;
  cost.whole.name = name;
  for (const auto& record : trace) {
    if (record.macs == 0) continue;
    cost.whole.macs += record.macs;
    block_at(cost.blocks, block_of(std::string_view(record.name).substr(name.size() + 1))).macs += record.macs;
  }
  for (const auto& tensor : weights.entries()) {
    cost.whole.parameters += tensor.elements();
    block_at(cost.blocks, block_of(tensor.name)).parameters += tensor.elements();
  }
  cost.tensors = weights.entries();
  cost.operators = std::move(trace);
  return cost;
}

}  // namespace

Cost ModelCost::total() const {
  Cost sum{"total"};
  for (const NetworkCost* network : {&text_encoder, &unet, &decoder}) {
    sum.parameters += network->whole.parameters;
    sum.macs += network->whole.macs;
  }
  return sum;
}

AutoencoderCost cost_of(const DecoderConfig& autoencoder, int height, int width, kernels::Precision precision) {
  AutoencoderCost cost;
  cost.decoder =
      cost_of_network<Decoder>("decoder", autoencoder, precision, [&](Context& context, const Decoder& network) {
        network(context, context.make({1, height, width, autoencoder.latent_channels}));
      });
  const int64_t upscale = autoencoder.upscale();
  cost.encoder =
      cost_of_network<Encoder>("encoder", autoencoder, precision, [&](Context& context, const Encoder& network) {
        network(context, context.make({1, height * upscale, width * upscale, 3}));
      });
  return cost;
}

ModelCost cost_of(const ModelFolder& model, int height, int width, kernels::Precision precision) {
  const int64_t positions = model.text_encoder.max_position_embeddings;
  ModelCost cost{cost_of(model.decoder, height, width, precision), {}, {}};
  cost.text_encoder = cost_of_network<TextEncoder>("text_encoder", model.text_encoder, precision,
                                                   [&](Context& context, const TextEncoder& network) {
                                                     network(context, std::vector<int>(static_cast<size_t>(positions)));
                                                   });
  cost.unet = cost_of_network<UNet>("unet", model.unet, precision, [&](Context& context, const UNet& network) {
    const kernels::Tensor text = context.make({1, 1, positions, model.unet.cross_attention_dim});
    network(context, context.make({1, height, width, model.unet.in_channels}), 0.0f, text);
  });
  return cost;
}

}  // namespace mobilediffusion
