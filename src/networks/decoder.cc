// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/decoder.h"

namespace mobilediffusion {
namespace {

std::variant<KlDecoder, TinyDecoder> build_decoder(const Scope& at, const DecoderConfig& config) {
  if (const auto* kl = std::get_if<KlDecoderConfig>(&config.network)) return KlDecoder(at, config, *kl);
  return TinyDecoder(at, config, std::get<TinyDecoderConfig>(config.network));
}

}  // namespace

Decoder::Decoder(const Scope& at, const DecoderConfig& config) : network_(build_decoder(at, config)) {}

kernels::Tensor Decoder::operator()(kernels::Context& context, const kernels::Tensor& latents) const {
  return std::visit([&](const auto& network) { return network(context, latents); }, network_);
}

}  // namespace mobilediffusion
