// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/encoder.h"

namespace mobilediffusion {
namespace {

std::variant<KlEncoder, TinyEncoder> build_encoder(const Scope& at, const DecoderConfig& config) {
  if (const auto* kl = std::get_if<KlDecoderConfig>(&config.network)) return KlEncoder(at, config, *kl);
  return TinyEncoder(at, config, std::get<TinyDecoderConfig>(config.network));
}

}  // namespace

Encoder::Encoder(const Scope& at, const DecoderConfig& config) : network_(build_encoder(at, config)) {}

kernels::Tensor Encoder::operator()(kernels::Context& context, const kernels::Tensor& picture) const {
  return std::visit([&](const auto& network) { return network(context, picture); }, network_);
}

}  // namespace mobilediffusion
