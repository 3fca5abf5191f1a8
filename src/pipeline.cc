// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pipeline.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "src/images/pixels.h"
#include "src/images/provenance.h"
#include "src/images/resample.h"
#include "src/sampling/image_to_image.h"
#include "src/sampling/noise_source.h"
#include "src/stages.h"
#include "src/text/tokenizer.h"
#include "src/text/word_list.h"
#include "src/weights/precision.h"

namespace mobilediffusion {

using kernels::Arena;
using kernels::Context;
using kernels::Tensor;
using kernels::ThreadPool;

namespace {

constexpr int kMostThreads = 256;
constexpr int kLargestSide = 8 * 4096;
constexpr int64_t kMostPixels = int64_t{1} << 28;

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Status invalid(const std::string& what) { return Status(StatusCode::kInvalidArgument, what); }

// Nothing throws across the public face: what a library or an allocation throws ends here.
template <typename Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, std::string("unexpected: ") + error.what());
  }
}

// How often each network says that a block is done: the totals of the progress.
struct BlockCounts {
  int text = 0, unet = 0, decoder = 0, encoder = 0;
};

BlockCounts count_blocks(const ModelFolder& model) {
  Stages stages = Stages::describe(model);
  const ThreadPool one(1);
  Arena arena(Arena::Mode::kMeasure);
  const auto count = [&](auto&& run) {
    int blocks = 0;
    Context context(one, arena);
    context.set_on_block([&] { ++blocks; });
    run(context);
    return blocks;
  };
  const std::vector<int> ids(static_cast<size_t>(model.text_encoder.max_position_embeddings));
  const int side = model.unet.latent_multiple();
  BlockCounts counts;
  counts.text = count([&](Context& context) { stages.text_encoder()(context, ids); });
  counts.unet = count([&](Context& context) {
    const Tensor text = context.make({1, 1, static_cast<int64_t>(ids.size()), model.unet.cross_attention_dim});
    stages.unet()(context, context.make({1, side, side, model.unet.in_channels}), 0.0f, text);
  });
  counts.decoder = count([&](Context& context) {
    stages.decoder()(context, context.make({1, 1, 1, model.decoder.latent_channels}));
  });
  const int pixels = model.decoder.upscale();
  counts.encoder = count([&](Context& context) { stages.encoder()(context, context.make({1, pixels, pixels, 3})); });
  return counts;
}

}  // namespace

struct Pipeline::Impl {
  Impl(ModelFolder folder, std::unique_ptr<Tokenizer> reader, WordList known, Stages networks,
       const LoadOptions& options)
      : model(std::move(folder)),
        tokenizer(std::move(reader)),
        words(std::move(known)),
        stages(std::move(networks)),
        memory(options.memory),
        threads(options.thread_pool != nullptr ? ThreadPool(options.thread_pool) : ThreadPool(options.threads)),
        log(options.log),
        loras(in_provenance(options.loras)),
        blocks(count_blocks(model)) {}

  static Result<Pipeline> load(const SourcePath& folder, const LoadOptions& options);
  Result<Image> generate(std::string_view prompt, const GenerateOptions& options);
  Result<Image> draw(std::string_view prompt, const GenerateOptions& options);
  Tensor encode(Context& context, const Pixels& picture, int width, int height);
  Status check(const GenerateOptions& options, int width, int height) const;

  int upscale() const { return model.decoder.upscale(); }
  int default_side() const { return model.unet.sample_size * upscale(); }
  int size_multiple() const { return upscale() * model.unet.latent_multiple(); }

  const ModelFolder model;
  const std::unique_ptr<Tokenizer> tokenizer;
  const WordList words;
  Stages stages;
  const MemoryUse memory;
  const ThreadPool threads;
  const std::function<void(LogLevel, std::string_view)> log;
  const std::vector<std::string> loras;  // as a picture's provenance names them
  const BlockCounts blocks;
  Arena arena;
  double load_seconds = 0;

  std::mutex one_at_a_time;  // held during a generate()
  std::mutex state;          // guards `running` and the writing of `cancelled`
  bool running = false;
  std::atomic<bool> cancelled = false;
};

Result<Pipeline> Pipeline::Impl::load(const SourcePath& folder, const LoadOptions& options) {
  const Stopwatch watch;
  if (options.threads < 0 || options.threads > kMostThreads) {
    return invalid("threads must be 0 (one a core) to " + std::to_string(kMostThreads) + ", not " +
                   std::to_string(options.threads));
  }
  if (to_string(options.precision) == "unknown")
    return invalid("precision " + std::to_string(static_cast<int>(options.precision)) + " is not one of options.h");
  if (options.memory != MemoryUse::kKeep && options.memory != MemoryUse::kStream)
    return invalid("memory " + std::to_string(static_cast<int>(options.memory)) + " is not one of options.h");
  Result<ModelFolder> model = open_model_folder(folder, options.vae);
  if (!model.ok()) return model.status();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(model->tokenizer_folder(), model->text_encoder);
  if (!tokenizer.ok()) return tokenizer.status();
  Result<WordList> words = WordList::load(folder);
  if (!words.ok()) return words.status();
  Result<Stages> stages = Stages::load(*model, NetworkLoading(options));
  if (!stages.ok()) return stages.status();
  auto impl =
      std::make_unique<Impl>(std::move(*model), std::move(*tokenizer), std::move(*words), std::move(*stages), options);
  impl->load_seconds = watch.seconds();
  return Pipeline(std::move(impl));
}

Status Pipeline::Impl::check(const GenerateOptions& options, int width, int height) const {
  const int multiple = size_multiple();
  for (const auto& [name, side] : {std::pair{"width", width}, std::pair{"height", height}}) {
    if (side <= 0 || side > kLargestSide || side % multiple != 0) {
      return invalid(std::string(name) + " must be a multiple of " + std::to_string(multiple) + " from " +
                     std::to_string(multiple) + " to " + std::to_string(kLargestSide) + ", not " +
                     std::to_string(side));
    }
  }
  if (int64_t{width} * height > kMostPixels) {
    return invalid("a picture of " + std::to_string(width) + "x" + std::to_string(height) + " is too large: at most " +
                   std::to_string(kMostPixels) + " pixels");
  }
  if (options.guidance && !(*options.guidance >= 0.0f && *options.guidance <= 100.0f)) {
    return invalid("guidance must be 0 to 100, not " + std::to_string(*options.guidance));
  }
  if (options.image.data != nullptr) {
    const Pixels& given = options.image;
    if (!(options.strength >= 0 && options.strength <= 1))
      return invalid("strength must be 0 to 1, not " + std::to_string(options.strength));
    if (given.format != PixelFormat::kRgb && given.format != PixelFormat::kRgba)
      return invalid("image.format " + std::to_string(static_cast<int>(given.format)) + " is not one of image.h");
    if (given.width < 1 || given.height < 1 || int64_t{given.width} * given.height > kMostPixels)
      return invalid("image must have from 1 to " + std::to_string(kMostPixels) + " pixels, not " +
                     std::to_string(given.width) + "x" + std::to_string(given.height));
  }
  if (options.noise != Noise::kPhilox && options.noise != Noise::kTorch)
    return invalid("noise " + std::to_string(static_cast<int>(options.noise)) + " is not one of options.h");
  const size_t latent = static_cast<size_t>(model.unet.in_channels) * static_cast<size_t>(width / upscale()) *
                        static_cast<size_t>(height / upscale());
  if (!options.initial_noise.empty() && options.initial_noise.size() != latent) {
    return invalid("initial_noise must have " + std::to_string(latent) + " values for a picture of " +
                   std::to_string(width) + "x" + std::to_string(height) + ", not " +
                   std::to_string(options.initial_noise.size()));
  }
  const size_t bytes = static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(options.format);
  if (options.output != nullptr && options.output_bytes < bytes) {
    return invalid("output_bytes must be at least " + std::to_string(bytes) + ", not " +
                   std::to_string(options.output_bytes));
  }
  return {};
}

Result<Image> Pipeline::Impl::generate(std::string_view prompt, const GenerateOptions& options) {
  const std::lock_guard<std::mutex> turn(one_at_a_time);
  const auto set_running = [this](bool now) {
    const std::lock_guard<std::mutex> lock(state);
    running = now;
    cancelled = false;
  };
  set_running(true);
  Result<Image> image = guarded([&] { return draw(prompt, options); });
  set_running(false);
  threads.rest();
  if (memory == MemoryUse::kKeep) {
    arena.settle();
  } else {
    arena.trim();
  }
  return image;
}

Tensor Pipeline::Impl::encode(Context& context, const Pixels& picture, int width, int height) {
  Tensor scaled = context.make({1, height, width, 3});
  if (!context.ok()) return {};
  resample(picture, width, height, {scaled.data(), static_cast<size_t>(scaled.shape().elements())});
  return stages.encode_picture(context, scaled);
}

Result<Image> Pipeline::Impl::draw(std::string_view prompt, const GenerateOptions& options) {
  const Stopwatch whole;
  Image image;
  image.width = options.width != 0 ? options.width : default_side();
  image.height = options.height != 0 ? options.height : default_side();
  image.format = options.format;
  if (Status status = check(options, image.width, image.height); !status.ok()) return status;
  if (options.steps < 0)
    return invalid("steps must be 0 (the model's own) or more, not " + std::to_string(options.steps));
  const bool begins_with_picture = options.image.data != nullptr;
  Result<PartialSampling> sampling = make_partial_sampling(options.sampler, model.scheduler, options.steps,
                                                           begins_with_picture ? options.strength : 1.0);
  if (!sampling.ok()) return sampling.status();
  const Sampler& sampler = *sampling->sampler;
  const int runs = sampler.runs() - sampling->start;
  const int steps = sampler.steps() - sampling->start;

  Context context(threads, arena);
  context.set_cancel_flag(&cancelled);
  int done = 0;
  const auto begin_stage = [&](Stage stage, int total) {
    done = 0;
    if (!options.progress) return;
    context.set_on_block([&context, &options, &done, stage, total] {
      if (!options.progress(stage, ++done, total))
        context.fail(Status(StatusCode::kCancelled, "cancelled by the progress callback"));
    });
  };

  // Encoder: the picture to begin with, to its latent.
  Tensor given;
  if (begins_with_picture) {
    begin_stage(Stage::kEncoder, blocks.encoder);
    given = encode(context, options.image, image.width, image.height);
    stages.end(Stage::kEncoder);
    if (!context.ok()) return context.status();
    image.timings.encoder = whole.seconds();
    arena.trim();
  }

  // Text: words to hidden states.
  const Stopwatch text_watch;
  const bool embedded = model.unet.time_cond_proj_dim > 0;  // the network itself is told of the guidance
  const float guidance = std::max(1.0f, options.guidance.value_or(usual_guidance(options.sampler, model.scheduler)));
  const bool guided = guidance > 1.0f && !embedded;
  begin_stage(Stage::kText, guided ? 2 * blocks.text : blocks.text);
  const int length = model.text_encoder.max_position_embeddings;
  Result<TokenizedPrompt> tokens = tokenizer->encode(prompt, length);
  if (!tokens.ok()) return tokens.status();
  const Tensor text = stages.encode(context, tokens->ids);
  Tensor negative;
  if (guided) {
    Result<TokenizedPrompt> negative_tokens = tokenizer->encode(options.negative_prompt, length);
    if (!negative_tokens.ok()) return negative_tokens.status();
    negative = stages.encode(context, negative_tokens->ids);
  }
  stages.end(Stage::kText);
  if (!context.ok()) return context.status();
  image.prompt_truncated = tokens->truncated;
  image.prompt_tokens = tokens->prompt_tokens;
  if (tokens->truncated && log) {
    log(LogLevel::kWarning, "the prompt has " + std::to_string(tokens->prompt_tokens) + " tokens; the first " +
                                std::to_string(length - 2) + " are read");
  }
  image.unknown_words = words.unknown(prompt);
  if (!image.unknown_words.empty() && log) {
    std::string list;
    for (const std::string& word : image.unknown_words) list += (list.empty() ? "" : ", ") + word;
    log(LogLevel::kWarning, "this model was never taught: " + list);
  }
  image.timings.text = text_watch.seconds();

  // UNet: noise to the picture's latent.
  const Stopwatch unet_watch;
  begin_stage(Stage::kUNet, runs * (guided ? 2 : 1) * blocks.unet);
  Tensor latents = context.make({1, image.height / upscale(), image.width / upscale(), model.unet.in_channels});
  if (!context.ok()) return context.status();
  const std::unique_ptr<NoiseSource> source = make_noise_source(options.noise, options.seed);
  std::vector<float> noise = options.initial_noise;
  if (noise.empty()) {
    noise.resize(static_cast<size_t>(latents.shape().elements()));
    source->draw(0, noise);
  }
  to_channels_last(noise, latents);
  if (begins_with_picture) {
    const std::span<float> x(latents.data(), noise.size());
    sampler.add_noise(sampling->start, {given.data(), noise.size()}, x, x);
    given.reset();
  } else {
    scale(latents, sampler.initial_scale());
  }
  stages.denoise(context, latents, sampler,
                 {.text = text,
                  .noise = *source,
                  .negative = guided ? &negative : nullptr,
                  .guidance = guidance,
                  .start = sampling->start});
  stages.end(Stage::kUNet);
  if (!context.ok()) return context.status();
  image.timings.unet = unet_watch.seconds();

  // Decoder: the latent to pixels.
  const Stopwatch decoder_watch;
  arena.trim();
  begin_stage(Stage::kDecoder, blocks.decoder);
  const Tensor picture = stages.decode(context, latents);
  stages.end(Stage::kDecoder);
  if (!context.ok()) return context.status();
  uint8_t* output = options.output;
  if (output == nullptr) {
    image.pixels.resize(static_cast<size_t>(image.width) * static_cast<size_t>(image.height) *
                        static_cast<size_t>(image.format));
    output = image.pixels.data();
  }
  to_pixels({picture.data(), static_cast<size_t>(picture.shape().elements())}, image.width, image.height, image.format,
            output);
  image.timings.decoder = decoder_watch.seconds();

  image.provenance = {.prompt = std::string(prompt),
                      .negative_prompt = guided ? options.negative_prompt : std::string(),
                      .model = model.name,
                      .seed = options.seed,
                      .steps = steps,
                      .guidance = guidance,
                      .sampler = options.sampler.empty() ? model.scheduler.sampler : options.sampler,
                      .noise = options.noise == Noise::kTorch ? "torch" : "philox",
                      .loras = loras};
  if (begins_with_picture) image.provenance.strength = options.strength;
  image.timings.total = whole.seconds();
  return image;
}

Pipeline::Pipeline(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::load(const LoadOptions& options) {
  return guarded([&]() -> Result<Pipeline> {
    Result<std::string> folder = find_default_model();
    if (!folder.ok()) return folder.status();
    return Impl::load(*folder, options);
  });
}

Result<Pipeline> Pipeline::load(const std::string& folder, const LoadOptions& options) {
  return guarded([&] { return Impl::load(folder, options); });
}

Result<Image> Pipeline::generate(std::string_view prompt, const GenerateOptions& options) {
  return impl_->generate(prompt, options);
}

void Pipeline::cancel() {
  const std::lock_guard<std::mutex> lock(impl_->state);
  if (impl_->running) impl_->cancelled = true;
}

int Pipeline::default_width() const { return impl_->default_side(); }
int Pipeline::default_height() const { return impl_->default_side(); }
int Pipeline::size_multiple() const { return impl_->size_multiple(); }
const std::string& Pipeline::model_name() const { return impl_->model.name; }
double Pipeline::load_seconds() const { return impl_->load_seconds; }

std::string_view version() { return MOBILEDIFFUSION_VERSION; }
std::string_view xnnpack_version() { return MOBILEDIFFUSION_XNNPACK_VERSION; }

}  // namespace mobilediffusion
