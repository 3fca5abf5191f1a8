// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Every choice a caller has. Each field has a default, and the reason for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
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
  kFloat16 = 1,  // weights, activations and most arithmetic in half, with AMX products in bfloat16 and their sums in
                 // float32; where the processor has no such arithmetic, float32 and a note
  kInt8 = 2,     // 8-bit weights by output channel, activations quantised as they come; accumulation is exact, and its
              // results are stored in half where the processor has such arithmetic. Where it multiplies 8-bit numbers
              // no faster than float32 (x86-64 without VNNI), the weights alone are in 8 bits
  kOfModel = 3,  // kInt8 where the UNet's file has weights in 8 bits, as pack() and `mobilediffusion quantize` write
                 // them, else kFloat32
};

// What stays in memory between a picture's stages, and between pictures.
enum class MemoryUse : int {
  kKeep = 0,    // all three networks, and the memory that they computed in, which the system may take back meanwhile
  kStream = 1,  // one network at a time: the peak is the largest one's, and every picture loads each anew
};

// How the work of a pipeline stands to other work on the machine.
enum class Priority : int {
  kNormal = 0,
  kBackground = 1,  // it gives way to whatever somebody waits for, and may take much longer
};

// A LoRA file: small changes to a model's weights, added when it is loaded.
struct Lora {
  std::string path = {};  // a .safetensors file (UTF-8), named as kohya's scripts, peft or diffusers name its tensors
  float weight = 1.0f;    // how much of it is added; any number, 0 adds nothing and 1 all
};

// Why a prompt must not be drawn, in a line that an app may show; nothing: it may.
using PromptFilter = std::function<std::optional<std::string>(std::string_view prompt)>;

// Why a picture must not be given to anyone; nothing: it may, with the pixels as the filter leaves them. `how` has the
// prompt, the seed and the rest of what the picture was made from.
using ImageFilter = std::function<std::optional<std::string>(const Provenance& how, const MutablePixels& pixels)>;

// How a model is loaded.
struct LoadOptions {
  // Threads of the pipeline's own pool, the calling one included; 1 to 256. 0: one for every core that is worth it, up
  // to eight, since more than that seldom share a fast memory path. Cores count that this process may use, within a
  // container's quota; of two hardware threads of one core the second does not, nor do a phone's small cores, or the
  // efficient ones beside a desktop's or a Mac's fast ones. Between pictures the threads sleep.
  int threads = 0;

  // The caller's pool instead of one of its own, as pthreadpool_create() makes it in the pthreadpool that this library
  // is linked with. It must outlive the pipeline, and whoever shares it waits while a picture is drawn. `threads` is
  // not read then.
  pthreadpool* thread_pool = nullptr;

  // kFloat32 is the reference: pictures agree across machines to the last grey level or two. The others trade that for
  // time and memory; the README gives what each costs in quality. By default as the model's weights are kept: who ships
  // them in 8 bits has seen what these cost, and little of it would come back in float32.
  Precision precision = Precision::kOfModel;

  // Streaming is for where memory is short and pictures are few; with a cache folder a network comes in by mapping a
  // file, without one it is packed again for every picture.
  MemoryUse memory = MemoryUse::kKeep;

  // In the background the pipeline loads and draws on a low-priority thread of its own, and on low-priority threads of
  // its own pool, while the caller waits; every callback then comes on that thread, not on the caller's. A caller's
  // pool (`thread_pool`) keeps the priority that it has. Where the system refuses, nothing changes but the thread.
  Priority priority = Priority::kNormal;

  // A folder (UTF-8, made if it is missing) for packed weights, beside which the next load reads next to nothing. Only
  // this user's processes should be able to write to it; several may share it. What cannot be kept there is logged and
  // does no harm. Empty: no cache, since a library should not write where nobody asked it to.
  std::string cache_folder = {};

  // What the cache folder may hold, in bytes; what was not used for the longest time is removed.
  uint64_t cache_bytes = uint64_t{4} << 30;

  // A folder with another autoencoder (config.json and weights) than the model's vae/: by its path, or its name within
  // the model folder. A tiny one (TAESD) decodes many times as fast. Empty: vae/.
  std::string vae = {};

  // Added to the weights of the text encoder and the UNet in float32, one after another, before anything is quantised
  // or packed; a picture costs the same time as without. All of a file must fit the model: kInvalidModel names the
  // first layer that does not, kUnsupported what is no plain LoRA (LoHa, LoKr, DoRA).
  std::vector<Lora> loras = {};

  // Called with notes worth a log line, from the thread that calls load() or generate() (with Priority::kBackground:
  // from the pipeline's own, while that call waits), never from another. Empty: silence. The library itself never
  // prints.
  std::function<void(LogLevel, std::string_view message)> log = {};

  // What the app lets through. The filters are the pipeline's and not a call's, so that none can do without: every
  // generate() asks them, and with it live sessions. Both are called on threads as `log` is, must not call into the
  // same pipeline, and must not throw: a picture is neither drawn nor given where one does, and generate() fails. What
  // a filter refuses is kRefused, with its reason as the message. Empty, as by default: everything passes.
  //
  // Asked before any work is done for a prompt, which is well-formed UTF-8, of any length. The negative prompt is not
  // asked about, since it names what should not be there. filters.h has one that refuses the words of a list.
  PromptFilter prompt_filter = {};

  // Asked when a picture is drawn, before anyone has it: it may refuse the picture, or change its pixels in place, to
  // blur a part of it or to put a watermark in. Of one that is refused nothing is written to GenerateOptions::output.
  ImageFilter image_filter = {};
};

// Where a picture's noise comes from.
enum class Noise : int {
  // Philox 4x32-10 counted by the position and keyed by the seed, made normal by a transform whose every operation is
  // exact IEEE-754 arithmetic, so that the bits agree everywhere.
  kPhilox = 0,
  // PyTorch's on a CPU: torch.randn with torch.Generator("cpu").manual_seed(seed), to 2 units in the last place, and in
  // the order in which diffusers draws. To compare pictures with Python's. Of the seed the low 32 bits count.
  kTorch = 1,
};

// The stages of one picture, in order; before them kEncoder, where it begins with a picture.
enum class Stage : int { kText = 0, kUNet = 1, kDecoder = 2, kEncoder = 3 };

// What is to be drawn, beside the prompt.
struct GenerateOptions {
  // The same seed, size and options give the same initial noise on every platform, and the same picture whatever the
  // number of threads. See "noise".
  uint64_t seed = 0;

  // Pixels; multiples of Pipeline::size_multiple(), 8 * 4096 at most a side. 0: the size the model was made for.
  int width = 0;
  int height = 0;

  // Denoising steps, 1 to 1000. 0: as many as the model was made for, which is one for a one-step model, 4 for a latent
  // consistency model and 25 for one that was not distilled.
  int steps = 0;

  // Guidance, 0 to 100. Above 1, classifier-free: every step runs the UNet twice and follows the prompt more closely;
  // 0 to 1 is off, as one-step models want it. A model whose UNet has a guidance embedding (time_cond_proj_dim) takes
  // the scale as an input and runs once. Nothing: what the model was made for, which is 7.5 for one that was not
  // distilled.
  std::optional<float> guidance = {};

  // What should not be in the picture; only read where guidance is classifier-free. UTF-8.
  std::string negative_prompt = {};

  // "" takes the model's own sampler. Of one-step models: "gan" or "one-step" (x0 from one timestep; with several
  // steps, fresh noise between them), "sid", "flow" (rectified flow, InstaFlow's). Of few-step ones: "lcm", "tcd". Of
  // all others: "ddim", "plms", "euler", "dpm++" (2M; also "dpm++2m"), "dpm" (2M for the noise in place of x0),
  // "unipc", "deis", and with fresh noise in every step: "ddpm", "euler-a" (ancestral), "dpm++2m-sde", "dpm-sde",
  // "dpm++-sde" (which runs the UNet twice a step). Other spellings of these will do: "DPM++ 2M SDE", "dpmpp_2m_sde",
  // "Euler a". A model whose own sampler is not supported, or not with the options of its scheduler_config.json, loads,
  // and generate() asks for another (kUnsupported).
  std::string sampler = {};

  // A picture to begin with, of any size, in the caller's memory, which must stay valid during generate(): the middle
  // of it is cut and scaled to the size asked for, and drawn anew as far as `strength` says. read_image() reads one
  // from a file, decode_image() one from a file's bytes. Only with models whose autoencoder has its encoder
  // (kUnsupported where it has none). Null: begin with noise.
  Pixels image = {};

  // How much of that picture is made anew, 0 (hardly anything) to 1 (all of it). Of the steps asked for
  // the last int(steps * strength) are run, on the picture with as much noise as belongs there. Where that is none, as
  // with one-step models, one is run, at strength * 1000 of the 1000 timesteps.
  double strength = 0.6;

  // Portable noise by default. PyTorch's is for comparisons.
  Noise noise = Noise::kPhilox;

  // The initial noise, latent_channels * (height/8) * (width/8) values of mean 0 and variance 1, channel by channel,
  // rows from the top: (channel, y, x). Empty: drawn by `noise` and `seed`.
  std::vector<float> initial_noise = {};

  // Keeps what the text encoder answers to the last few prompts, some MB at most until trim(), and uses what it kept:
  // for prompts that are drawn again, with other seeds or as somebody types. The same picture either way.
  bool remember_text = false;

  // Ends this call alone with kCancelled where it becomes true: looked at as often as cancel() is. Null: only cancel()
  // and `progress` do. Must stay valid during generate().
  const std::atomic<bool>* cancelled = nullptr;

  PixelFormat format = PixelFormat::kRgb;

  // Where the pixels go: the caller's memory, which must stay valid during generate(), `output_bytes` large, at least
  // width * height * bytes-per-pixel. Null: the returned Image owns them.
  uint8_t* output = nullptr;
  size_t output_bytes = 0;

  // Called on the thread that called generate() (with Priority::kBackground: on the pipeline's own), between operators:
  // `done` of `total` parts of the stage are done. Returning false cancels. Must not throw and must not call into the
  // same pipeline, cancel() excepted.
  std::function<bool(Stage stage, int done, int total)> progress = {};
};

}  // namespace mobilediffusion
