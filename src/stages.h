// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A model's networks, and the three stages of a picture: what its words mean, what its latent is, what it looks
// like.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/runtime/cancel_flag.h"
#include "mobilediffusion/options.h"
#include "src/model/model_folder.h"
#include "src/network_slot.h"
#include "src/networks/decoder.h"
#include "src/networks/encoder.h"
#include "src/networks/text_encoder.h"
#include "src/networks/unet.h"
#include "src/sampling/noise_source.h"
#include "src/sampling/sampler.h"

namespace mobilediffusion {

// What the UNet stage follows.
struct Conditioning {
  const kernels::Tensor& text;
  NoiseSource& noise;                         // of the fresh noise between several steps
  const kernels::Tensor* negative = nullptr;  // null: no classifier-free guidance
  float guidance = 1.0f;                      // its scale, or the value of the UNet's guidance embedding
  int start = 0;                              // the sampler's run to begin with
};

class Stages {
 public:
  // Loads every weight; where networks are streamed, only sees that all of them are there. Errors: kNotFound, kIoError,
  // kInvalidModel, kNonFinite (in a weight), kOutOfMemory.
  static Result<Stages> load(const ModelFolder& model, NetworkLoading loading);

  // The same without weights, for a measuring context: shapes, costs and names.
  static Stages describe(const ModelFolder& model);

  // Each stage latches kNonFinite where its result is not finite, with the stage's name. encode() wants
  // max_position_embeddings ids, each below vocab_size; denoise() takes the latents (1, h, w, latent channels) that
  // `sampler` begins with to x0, in place, through every run from `start`; decode() takes x0 to a picture (1, h *
  // upscale, w * upscale, 3).
  kernels::Tensor encode(kernels::Context& context, std::span<const int> ids);
  void denoise(kernels::Context& context, kernels::Tensor& latents, const Sampler& sampler,
               const Conditioning& conditioning);
  kernels::Tensor decode(kernels::Context& context, const kernels::Tensor& x0);

  // The other way: a picture (1, h * upscale, w * upscale, 3) in -1..1 to x0. Its network is loaded when it is first
  // needed; kUnsupported where the autoencoder's file has none.
  Status load_encoder(const kernels::CancelFlag& cancel = {});
  kernels::Tensor encode_picture(kernels::Context& context, const kernels::Tensor& picture);

  // To be called where a stage's network is not needed again for this picture.
  void end(Stage stage);

  // Lets go of every network; each is loaded again when it is needed.
  void drop();

  // The networks alone, as far as they are loaded.
  const TextEncoder& text_encoder() const { return *text_encoder_; }
  const UNet& unet() const { return *unet_; }
  const Decoder& decoder() const { return *decoder_; }
  const Encoder& encoder() const { return *encoder_; }

 private:
  explicit Stages(const ModelFolder& model);

  // True where the network is there; else what went wrong is latched.
  template <typename Slot>
  bool ensure_loaded(kernels::Context& context, Slot& slot);

  NetworkLoading loading_;
  NetworkSlot<TextEncoder, TextEncoderConfig> text_encoder_;
  NetworkSlot<UNet, UNetConfig> unet_;
  NetworkSlot<Decoder, DecoderConfig> decoder_;
  NetworkSlot<Encoder, DecoderConfig> encoder_;
  float scaling_factor_ = 1.0f, shift_factor_ = 0.0f;
  int guidance_width_ = 0;  // of the embedding that the UNet wants; 0: none
};

// Every value of x, multiplied.
void scale(kernels::Tensor& x, float factor);

// Between the order of files and callers, (channel, y, x), and the kernels', (y, x, channel).
void to_channels_last(std::span<const float> from, kernels::Tensor& to);
std::vector<float> to_channels_first(const kernels::Tensor& from);

}  // namespace mobilediffusion
