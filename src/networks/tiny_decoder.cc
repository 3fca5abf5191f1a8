// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/networks/tiny_decoder.h"

#include <utility>

#include "kernels/elementwise/elementwise.h"

namespace mobilediffusion {

using kernels::Activation;
using kernels::Context;
using kernels::Tensor;

TinyDecoder::TinyDecoder(const Scope& at, const DecoderConfig& config, const TinyDecoderConfig& tiny)
    : name_(at.name()) {
  // A list that is counted through, the activations and upsamplings between convolutions included.
  const Scope layers = at / "decoder.layers", exact = sensitive(at) / "decoder.layers";
  // What 8 bits lose early goes through every layer that follows: with TAESD's weights the levels before the last make
  // nearly all of the error, 40 dB, and by Winograd's tiles they take no longer in float32. The last one, where the
  // picture has its full size, and the upsampling to it are in 8 bits: 53 dB.
  const Scope& early = at.packing().precision == kernels::Precision::kInt8 ? exact : layers;
  const int width = tiny.channels;
  int index = 0;
  conv_in_ = bind_conv2d(exact / index++, {.in_channels = config.latent_channels, .out_channels = width});
  ++index;  // ReLU
  for (size_t i = 0; i < tiny.blocks.size(); ++i) {
    Level& level = levels_.emplace_back();
    const size_t after = tiny.blocks.size() - i - 1;
    for (int j = 0; j < tiny.blocks[i]; ++j) level.blocks.emplace_back((after > 0 ? early : layers) / index++, width);
    if (after > 0) {
      ++index;  // nearest 2x
      level.upsampler = bind_conv2d((after > 1 ? early : layers) / index++,
                                    {.in_channels = width, .out_channels = width, .upsample_2x = true}, Bias::kNone);
    }
  }
  conv_out_ = bind_conv2d(exact / index, {.in_channels = width, .out_channels = config.out_channels});
}

Tensor TinyDecoder::operator()(Context& context, const Tensor& latents) const {
  // 3 tanh(x / 3): no latent is too large.
  Tensor x = context.make(latents.shape());
  const int64_t values = latents.shape().elements();
  if (context.computes()) {
    for (int64_t i = 0; i < values; ++i) x.data()[i] = latents.data()[i] / 3;
  }
  kernels::activate(context, name_, Activation::kTanh, x);
  if (context.computes()) {
    for (int64_t i = 0; i < values; ++i) x.data()[i] *= 3;
  }

  x = (*conv_in_)(context, x);
  kernels::activate(context, name_, Activation::kRelu, x);
  for (const Level& level : levels_) {
    for (const TinyBlock& block : level.blocks) {
      block(context, x);
      context.block_done();
    }
    if (level.upsampler) x = (*level.upsampler)(context, x);
  }
  x = (*conv_out_)(context, x);
  // From 0..1.
  if (context.computes()) {
    for (int64_t i = 0; i < x.shape().elements(); ++i) x.data()[i] = 2 * x.data()[i] - 1;
  }
  return x;
}

}  // namespace mobilediffusion
