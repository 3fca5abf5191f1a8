// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every choice a caller has. Each field has a default, and the reason for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/image.h"

struct pthreadpool;  // of the pthreadpool library, which XNNPACK comes with

namespace mobilediffusion {

enum class LogLevel : int { kInfo = 0, kWarning = 1 };

// What the networks compute in.
enum class Precision : int {
  kFloat32 = 0,  // the reference
  kFloat16 = 1,  // weights, activations and most arithmetic in half; where the processor has none, float32 and a note
  kInt8 = 2,     // 8-bit weights by output channel, activations quantised as they come; accumulation is exact
};

// What stays in memory between a picture's stages.
enum class MemoryUse : int {
  kKeep = 0,    // all three networks
  kStream = 1,  // one network at a time: the peak is the largest one's, and every picture loads each anew
};

// How a model is loaded.
struct LoadOptions {
  // Threads of the pipeline's own pool, the calling one included; 1 to 256. 0: one for every core that is worth it, up
  // to eight, since more than that seldom share a fast memory path. Cores count that this process may use, within a
  // container's quota; of two hardware threads of one core the second does not, nor do a phone's small cores. Between
  // pictures the threads sleep.
  int threads = 0;

  // The caller's pool instead of one of its own, as pthreadpool_create() makes it in the pthreadpool that this library
  // is linked with. It must outlive the pipeline, and whoever shares it waits while a picture is drawn. `threads` is
  // not read then.
  pthreadpool* thread_pool = nullptr;

  // The default is the reference: pictures agree across machines to the last grey level or two. The others trade that
  // for time and memory; the README gives what each costs in quality.
  Precision precision = Precision::kFloat32;

  // Streaming is for where memory is short and pictures are few; with a cache folder a network comes in by mapping a
  // file, without one it is packed again for every picture.
  MemoryUse memory = MemoryUse::kKeep;

  // A folder (UTF-8, made if it is missing) for packed weights, beside which the next load reads next to nothing. Only
  // this user's processes should be able to write to it; several may share it. What cannot be kept there is logged and
  // does no harm. Empty: no cache, since a library should not write where nobody asked it to.
  std::string cache_folder = {};

  // What the cache folder may hold, in bytes; what was not used for the longest time is removed.
  uint64_t cache_bytes = uint64_t{4} << 30;

  // A folder with another autoencoder (config.json and weights) than the model's vae/: by its path, or its name within
  // the model folder. A tiny one (TAESD) decodes many times as fast. Empty: vae/.
  std::string vae = {};

  // Called with notes worth a log line. May be called from the thread that calls load() or generate(), never from
  // another. Empty: silence. The library itself never prints.
  std::function<void(LogLevel, std::string_view message)> log = {};
};

// The stages of one picture, in order.
enum class Stage : int { kText = 0, kUNet = 1, kDecoder = 2 };

// What is to be drawn, beside the prompt.
struct GenerateOptions {
  // The same seed, size and options give the same initial noise on every platform, and the same picture whatever the
  // number of threads. See noise in "initial_noise".
  uint64_t seed = 0;

  // Pixels; multiples of Pipeline::size_multiple(), 8 * 4096 at most a side. 0: the size the model was made for.
  int width = 0;
  int height = 0;

  // Denoising steps, 1 to 1000. 0: as many as the model was fine-tuned for, which is one for a one-step model.
  int steps = 0;

  // Classifier-free guidance: 1 turns it off, as one-step models want; above 1 every step runs the UNet twice and
  // follows the prompt more closely. 0 to 100.
  float guidance = 1.0f;

  // What should not be in the picture; only read where guidance is not 1. UTF-8.
  std::string negative_prompt = {};

  // "" takes the model's own sampler; "gan" is DiffusionGAN's (one step, or several with fresh noise between them);
  // "ddim" is deterministic.
  std::string sampler = {};

  // The initial noise, latent_channels * (height/8) * (width/8) values of mean 0 and variance 1, channel by channel,
  // rows from the top: (channel, y, x). Empty: Philox 4x32-10 counted by the position and keyed by the seed, made
  // normal by a transform whose every operation is exact IEEE-754 arithmetic, so that the bits agree everywhere.
  std::vector<float> initial_noise = {};

  PixelFormat format = PixelFormat::kRgb;

  // Where the pixels go: the caller's memory, which must stay valid during generate(), `output_bytes` large, at least
  // width * height * bytes-per-pixel. Null: the returned Image owns them.
  uint8_t* output = nullptr;
  size_t output_bytes = 0;

  // Called on the thread that called generate(), between operators: `done` of `total` parts of the stage are done.
  // Returning false cancels. Must not throw and must not call into the same pipeline, cancel() excepted.
  std::function<bool(Stage stage, int done, int total)> progress = {};
};

}  // namespace mobilediffusion
