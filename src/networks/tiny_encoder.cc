// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/tiny_encoder.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

TinyEncoder::TinyEncoder(const Scope& at, const DecoderConfig& config, const TinyDecoderConfig& tiny) {
  const Scope layers = at / "encoder.layers", exact = sensitive(at) / "encoder.layers";
  const int width = tiny.encoder_channels;
  int index = 0;
  for (const int blocks : tiny.encoder_blocks) {
    const bool first = levels_.empty();
    Level& level = levels_.emplace_back(Level{
        first ? bind_conv2d(exact / index, {.in_channels = config.out_channels, .out_channels = width})
              : bind_conv2d(layers / index, {.in_channels = width, .out_channels = width, .stride = 2}, Bias::kNone),
        {}});
    ++index;
    for (int j = 0; j < blocks; ++j) level.blocks.emplace_back(layers / index++, width);
  }
  conv_out_ = bind_conv2d(exact / index, {.in_channels = width, .out_channels = config.latent_channels});
}

Tensor TinyEncoder::operator()(Context& context, const Tensor& picture) const {
  // To 0..1.
  Tensor x = context.make(picture.shape());
  if (context.computes()) {
    for (int64_t i = 0; i < x.shape().elements(); ++i) x.data()[i] = picture.data()[i] / 2 + 0.5f;
  }
  for (const Level& level : levels_) {
    x = level.conv(context, x);
    for (const TinyBlock& block : level.blocks) {
      block(context, x);
      context.block_done();
    }
  }
  return (*conv_out_)(context, x);
}

}  // namespace mobilediffusion
