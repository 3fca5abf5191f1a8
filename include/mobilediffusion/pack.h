// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A whole model as one file that is mapped and never unpacked: for an app's package, a download, a memory image.
//
//   mobilediffusion::pack("models/scenes", "scenes.mdiff");
//   auto pipeline = mobilediffusion::Pipeline::load("scenes.mdiff");
//
// The file is in the safetensors format, which other programs read: "unet/conv_in.weight" and so on are the weights,
// "files/unet/config.json" and so on the bytes of the small files beside them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mobilediffusion/export.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

#pragma push_macro("Status")  // X11's, as status.h says
#undef Status

namespace mobilediffusion {

// What the weights are stored in.
enum class StoredWeights : int {
  kAsTheyAre = 0,  // in the types that the model has them in: the pictures are the same, bit for bit
  kInt8 = 1,       // the large ones in 8 bits with a scale an output channel, a quarter of float32's size, which
                   // loading then computes in 8 bits as well, unless it is told otherwise (LoadOptions::precision). A
                   // model that is in int8 already is kInvalidArgument.
  kFloat16 = 2,  // those in float32, LoRAs' too, in float16, half of the size; what is smaller stays as it is. A value
                 // past 65504 is kInvalidArgument.
};

struct PackOptions {
  // The default keeps every picture as it was.
  StoredWeights weights = StoredWeights::kAsTheyAre;

  // As LoadOptions::vae: the autoencoder that is packed in place of the model's own. Empty: vae/.
  std::string vae = {};

  // As LoadOptions::loras: added to the weights for good, which become float32 where they are changed. Empty: none.
  std::vector<Lora> loras = {};

  // A program of Linux (ELF) or Windows, of this system or another, that the model is put into, behind its own bytes
  // (and in place of a model that it has already); UTF-8. `file` is then that program with its model: it can be run,
  // and a Pipeline::load() in it that names no model takes this one. `strip` drops the model again. A signature breaks,
  // and one that is made afterwards hides the model: put model.mdiff beside a signed program. macOS runs no program
  // without a signature: its programs are kUnsupported. What is no program is kInvalidArgument. Empty: a file with the
  // model alone.
  std::string program = {};

  // Asked between pieces of a few megabytes, on the calling thread; true gives up with kCancelled. Empty: never.
  std::function<bool()> cancelled = {};
};

// Writes what loading the model reads, and its licence files, to `file` (UTF-8, ".mdiff" by custom), which appears
// whole or not at all: a failure leaves what was there before. `model` is whatever Pipeline::load() takes by path.
// Equal models give equal bytes. Errors: as Pipeline::load()'s, and kNotFound (no such folder), kIoError and kCancelled
// of the file that is written.
MOBILEDIFFUSION_EXPORT Status pack(const std::string& model, const std::string& file, const PackOptions& options = {});

}  // namespace mobilediffusion

#pragma pop_macro("Status")
