// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Start here. One call turns a few words into a picture:
//
//   #include <mobilediffusion/pipeline.h>
//
//   auto pipeline = mobilediffusion::Pipeline::load();            // the default model, or load("path/to/model")
//   if (!pipeline.ok()) return complain(pipeline.status().message());
//   auto image = pipeline->generate("two red boats at sunset");   // Result<Image>: an image, or why not
//   if (!image.ok()) return complain(image.status().message());
//   image->save("boats.png");
//
// The system is MobileDiffusion (Zhao et al., "MobileDiffusion: Subsecond Text-to-Image Generation on Mobile Devices",
// 2023, arXiv:2311.16567): a CLIP text encoder, a UViT-style UNet, a lite VAE decoder, and a DiffusionGAN fine-tuning
// by which the UNet denoises in a single step.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mobilediffusion/export.h"
#include "mobilediffusion/image.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion {

// A loaded model, ready to draw.
//
// Ownership: a Pipeline owns its weights, its threads and its working memory, and frees them when it is destroyed; the
// images it gives are the caller's. It can be moved, not copied; of one that was moved from, generate() answers
// kInvalidState, cancel() does nothing, and the rest is 0 or empty.
// Threads: one generate() runs at a time on one pipeline; further calls from other threads wait their turn. cancel()
// and trim() may be called from any thread at any time. Distinct pipelines share nothing. Destroying a pipeline (or
// moving another into it) while calls on it run or wait cancels them and waits until they have left: who runs returns
// kCancelled, who waits kInvalidState. Not from such a call's own callback, nor beside a call that only begins.
// Files: nothing is read but the model, LoRAs and autoencoder that were named, nothing is written but the cache folder
// that was named and the pictures that are saved; beside these, what the C library and XNNPACK's cpuinfo read of the
// machine (/proc, /sys). Only load() without a model looks for one, as it says. Nothing goes over a network.
// Processes: a child of fork() may use a pipeline that no thread was using; it draws on one thread, the same pictures.
class MOBILEDIFFUSION_EXPORT Pipeline {
 public:
  // Loads the default model: in this order, the folder or packed model that the environment variable
  // MOBILEDIFFUSION_MODEL names; the one inside this program, or inside the shared library that this code is in
  // (PackOptions::program); beside either, model.mdiff or the default's folder in models/; the default's folder in the
  // installation's share folder, or in the source tree that this library was built in. Errors: as below.
  static Result<Pipeline> load(const LoadOptions& options = {});

  // Loads a model folder in the diffusers layout, or a packed model (pack.h), and adds options.loras to its weights.
  // `model` is UTF-8. A packed model is told by what it holds, whatever its name.
  // Errors: kNotFound (folder or file), kInvalidModel (a file is damaged or does not fit), kUnsupported (an unknown
  // class, a packed model of a later version), kInvalidArgument (options), kOutOfMemory, kIoError.
  static Result<Pipeline> load(const std::string& model, const LoadOptions& options = {});

  // Loads a packed model that is `bytes` bytes of an open regular file from `offset` on, which may be any: an asset
  // that an app's package keeps uncompressed, say. UINT64_MAX bytes: all that follow. It is mapped, not read into
  // memory. The descriptor stays the caller's, who may close it when this returns; the file's bytes must stay as they
  // are while the pipeline lives. Errors: as above.
  static Result<Pipeline> load(int descriptor, uint64_t offset, uint64_t bytes, const LoadOptions& options = {});

  // Loads a packed model from the caller's memory, at any alignment, which must outlive the pipeline and stay as it is;
  // no copy is made. Since the system tells nothing of such bytes, a cache folder makes each load digest all of them.
  // Errors: as above.
  static Result<Pipeline> load(std::span<const uint8_t> model, const LoadOptions& options = {});

  Pipeline(Pipeline&&) noexcept;
  Pipeline& operator=(Pipeline&&) noexcept;
  ~Pipeline();

  // Draws one picture. `prompt` is UTF-8; an empty one is legal, one too long is cut (Image::prompt_truncated says so).
  // Errors: kInvalidArgument (options, or a prompt that is not UTF-8), kUnsupported (options.image, and the model has
  // no encoder), kRefused (by a filter of LoadOptions), kCancelled, kNonFinite, kOutOfMemory, kInvalidState. After an
  // error the pipeline can be used again.
  Result<Image> generate(std::string_view prompt, const GenerateOptions& options = {});

  // Stops the generate() that runs now, between two parts of an operator, or of a network's loading; it returns
  // kCancelled. Without one running, does nothing.
  void cancel();

  // Gives back all memory that can be had again: working memory and the networks, which the next generate() loads from
  // their files (or their cache) as if it were the first, for the same picture. What runs now is not disturbed: then it
  // happens at its end. The model's files must be there still.
  void trim();

  // The size, in pixels, of a picture when none is asked for.
  int default_width() const;
  int default_height() const;

  // A picture's width and height must be multiples of this many pixels.
  int size_multiple() const;

  // The model's name, which is its folder's, or was when it was packed; as written into pictures.
  const std::string& model_name() const;

  // Seconds that load() took.
  double load_seconds() const;

 private:
  struct MOBILEDIFFUSION_HIDDEN Impl;
  explicit Pipeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// This library's version, "major.minor.patch", and the XNNPACK it was built with.
MOBILEDIFFUSION_EXPORT std::string_view version();
MOBILEDIFFUSION_EXPORT std::string_view xnnpack_version();

}  // namespace mobilediffusion
