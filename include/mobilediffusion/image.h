// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A picture, and where it came from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mobilediffusion/export.h"
#include "mobilediffusion/status.h"

#pragma push_macro("Status")  // X11's, as status.h says
#undef Status

namespace mobilediffusion {

// How the bytes of a pixel follow one another. Alpha is always 255.
enum class PixelFormat : int { kRgb = 3, kRgba = 4 };

// A picture in the caller's memory: 8-bit sRGB, rows from the top, no padding. Null: none.
struct Pixels {
  const uint8_t* data = nullptr;  // height * width * bytes-per-pixel
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::kRgb;
};

// The same, to be written to.
struct MutablePixels {
  uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::kRgb;
};

// Wall-clock seconds of one generate(), by stage.
struct Timings {
  double encoder = 0;  // the picture to begin with, to its latent; 0 without one
  double text = 0;     // tokenizer and text encoder
  double unet = 0;     // every step of the UNet, sampler included
  double decoder = 0;  // latent to pixels
  double total = 0;    // the whole call
};

// What a picture says of its making; written into its file as text unless told not to. Read back it is the same,
// numbers that are none included, but for a NUL and bytes that are no UTF-8, which become U+FFFD, and a line break in a
// LoRA's name, which does too.
struct Provenance {
  std::string prompt = {};           // UTF-8
  std::string negative_prompt = {};  // UTF-8; empty: none was used
  std::string model = {};            // the model's name
  uint64_t seed = 0;
  int steps = 1;
  float guidance = 1.0f;                // 1: off
  std::string sampler = {};             // by the names of options.h
  std::string noise = {};               // "philox" or "torch"
  std::vector<std::string> loras = {};  // "FILE:WEIGHT" each, without the file's folder
  std::optional<double> strength = {};  // of the picture that it began with; nothing: it began with noise
};

struct SaveOptions {
  // Writes the prompt, seed and model as text (PNG: a chunk each; JPEG: a comment of JSON), and an XMP packet whose
  // IPTC DigitalSourceType is "trainedAlgorithmicMedia": the mark by which others recognise an AI-made picture. Beside
  // it the packet names program, model and prompt as the IPTC's properties of such pictures, and says in its history
  // that the program created it. It is a statement, not a proof: nothing is signed, as C2PA's manifests are.
  bool metadata = true;

  // Of a JPEG, 1 to 100. Above 90 colours keep the resolution of brightness (4:4:4), at 90 and below they have half of
  // it (4:2:0). At 95 a picture is about a third of its PNG, and no difference can be seen.
  int jpeg_quality = 95;
};

// 8-bit sRGB pixels, rows from the top, no padding. A plain value: copy, move, and use copies from other threads
// freely.
struct Image {
  int width = 0;   // pixels
  int height = 0;  // pixels
  PixelFormat format = PixelFormat::kRgb;
  std::vector<uint8_t> pixels =
      {};  // height * width * bytes-per-pixel; empty when generate() wrote to the caller's buffer

  Timings timings = {};
  Provenance provenance = {};
  bool prompt_truncated = false;                // the prompt was longer than the text encoder reads, and was cut
  int prompt_tokens = 0;                        // tokens of the whole prompt, start and end token not counted
  std::vector<std::string> unknown_words = {};  // of the prompt, those that a model of few words was never taught

  // A view of the pixels, which this image must outlive.
  Pixels view() const { return {pixels.data(), width, height, format}; }

  // Writes a PNG, or a JPEG where the path (UTF-8) ends in .jpg or .jpeg, in letters of any case. A path without an
  // extension is a PNG's; another extension than these three is refused. The file appears whole or not at all: a failed
  // write leaves what was there before. Errors: kInvalidArgument (no pixels, the extension, the quality), kNotFound (no
  // such folder), kIoError, kOutOfMemory.
  MOBILEDIFFUSION_EXPORT Status save(const std::string& path, const SaveOptions& options = {}) const;

  // The same as bytes. A JPEG has no alpha: what is not opaque is laid over white, as read_image() does. Errors:
  // kInvalidArgument, kOutOfMemory.
  MOBILEDIFFUSION_EXPORT Result<std::vector<uint8_t>> encode_png(const SaveOptions& options = {}) const;
  MOBILEDIFFUSION_EXPORT Result<std::vector<uint8_t>> encode_jpeg(const SaveOptions& options = {}) const;
};

// Reads a PNG or a JPEG as kRgb pixels, 8 bits each, over white where it is transparent. The size is known, and within
// limits, before anything is decoded: 16384 pixels a side, 2^26 in all, a file of 256 MiB; and no more is decoded than
// that size asks for. The picture is turned the way its Exif orientation says. Errors: kNotFound, kIoError,
// kOutOfMemory, kInvalidArgument (neither of the two, damaged, too large).
MOBILEDIFFUSION_EXPORT Result<Image> read_image(const std::string& path);

// The same of a file's bytes in memory, a download's or another process's. Errors: kInvalidArgument, kOutOfMemory.
MOBILEDIFFUSION_EXPORT Result<Image> decode_image(std::span<const uint8_t> file);

// Reads back what save() wrote into a PNG or a JPEG, whatever the file's name. Errors: kNotFound, kIoError,
// kInvalidArgument (neither of the two, damaged, or not one of ours).
MOBILEDIFFUSION_EXPORT Result<Provenance> read_provenance(const std::string& path);

}  // namespace mobilediffusion

#pragma pop_macro("Status")
