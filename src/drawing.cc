// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/drawing.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/drawing_notes.h"
#include "src/features/features.h"
#include "src/images/pixels.h"
#include "src/images/resample.h"
#include "src/sampling/image_to_image.h"
#include "src/sampling/noise_source.h"
#include "src/stopwatch.h"
#include "src/text/prompt.h"

namespace mobilediffusion {

using kernels::Context;
using kernels::Tensor;

namespace {

// A prompt as the UNet reads it.
struct EncodedPrompt {
  TokenizedPrompt tokens;
  Tensor hidden;
};

struct EncodedPrompts {
  EncodedPrompt positive;
  EncodedPrompt negative;  // of classifier-free guidance alone
};

// The first failure is latched in the context, and what follows it does nothing.
class Drawing {
 public:
  Drawing(const DrawingTools& tools, std::string_view prompt, const GenerateOptions& options, PartialSampling sampling,
          int width, int height);

  Result<Image> run();

 private:
  void note_assumption();
  Tensor encode_given_picture();
  EncodedPrompts encode_prompts();
  EncodedPrompt encode(std::string_view prompt);
  Tensor denoise(const EncodedPrompts& prompts, Tensor given);
  Tensor first_latents(NoiseSource& source, Tensor given);
  void decode(const Tensor& latents);
  Status pass_filter();

  void begin_stage(Stage stage, int blocks);
  void note_what_was_not_read(const EncodedPrompts& prompts);
  Provenance provenance() const;

  const Stopwatch whole_;
  LoadedModel& model_;
  kernels::Arena& arena_;
  const std::function<void(LogLevel, std::string_view)>& log_;
  const ImageFilter& filter_;
  const std::string_view prompt_;
  const GenerateOptions& options_;

  const std::unique_ptr<Sampler> sampler_;
  const int start_;  // the sampler's run to begin with
  const bool begins_with_picture_;
  const float guidance_;
  const bool guided_;  // by classifier-free guidance, where every run is two

  Context context_;
  int done_ = 0;  // blocks of the stage that runs
  Image image_;
};

// A message is never empty, whatever a filter says.
Status refused(const std::string& reason, const char* otherwise) {
  return {StatusCode::kRefused, reason.empty() ? otherwise : reason};
}

float guidance_of(const GenerateOptions& options, const SchedulerConfig& scheduler) {
  return std::max(1.0f, options.guidance.value_or(usual_guidance(options.sampler, scheduler)));
}

Drawing::Drawing(const DrawingTools& tools, std::string_view prompt, const GenerateOptions& options,
                 PartialSampling sampling, int width, int height)
    : model_(tools.model),
      arena_(tools.arena),
      log_(tools.log),
      filter_(tools.image_filter),
      prompt_(prompt),
      options_(options),
      sampler_(std::move(sampling.sampler)),
      start_(sampling.start),
      begins_with_picture_(options.image.data != nullptr),
      guidance_(guidance_of(options, tools.model.folder.scheduler)),
      // A UNet with a guidance embedding takes the scale as an input and runs once.
      guided_(guidance_ > 1.0f && tools.model.folder.unet.time_cond_proj_dim == 0),
      context_(tools.threads, tools.arena) {
  context_.set_cancel_flag(kernels::CancelFlag(&tools.cancelled, options.cancelled));
  image_.width = width;
  image_.height = height;
  image_.format = options.format;
}

Result<Image> Drawing::run() {
  note_assumption();
  Tensor given = encode_given_picture();
  const EncodedPrompts prompts = encode_prompts();
  const Tensor latents = denoise(prompts, std::move(given));
  decode(latents);
  if (!context_.ok()) return context_.status();
  image_.provenance = provenance();
  if (Status status = pass_filter(); !status.ok()) return status;
  image_.timings.total = whole_.seconds();
  return std::move(image_);
}

// Once a model, and only to who left the choice to us.
void Drawing::note_assumption() {
  if (!log_ || !options_.sampler.empty() || options_.steps != 0 || options_.guidance) return;
  const std::string note = assumption(model_.folder.recipe, model_.folder.scheduler);
  if (note.empty() || model_.assumption_noted) return;
  model_.assumption_noted = true;
  log_(LogLevel::kWarning, model_.folder.name + " is " + note);
}

// To the latent of the picture to begin with; nothing where there is none.
Tensor Drawing::encode_given_picture() {
  if (!features::kImageToImage || !begins_with_picture_) return {};
  const Stopwatch watch;
  begin_stage(Stage::kEncoder, model_.blocks.encoder);
  Tensor latent;
  {
    Tensor scaled = context_.make({1, image_.height, image_.width, 3});
    if (!context_.ok()) return {};
    resample(options_.image, image_.width, image_.height,
             {scaled.data(), static_cast<size_t>(scaled.shape().elements())});
    latent = model_.stages.encode_picture(context_, scaled);
  }
  model_.stages.end(Stage::kEncoder);
  image_.timings.encoder = watch.seconds();
  arena_.trim();
  return latent;
}

EncodedPrompts Drawing::encode_prompts() {
  if (!context_.ok()) return {};
  const Stopwatch watch;
  begin_stage(Stage::kText, (guided_ ? 2 : 1) * model_.blocks.text);
  EncodedPrompts prompts;
  prompts.positive = encode(prompt_);
  if (guided_) prompts.negative = encode(options_.negative_prompt);
  model_.stages.end(Stage::kText);
  if (context_.ok()) note_what_was_not_read(prompts);
  image_.timings.text = watch.seconds();
  return prompts;
}

EncodedPrompt Drawing::encode(std::string_view prompt) {
  if (!context_.ok()) return {};
  Result<TokenizedPrompt> tokens = model_.tokenizer->encode(prompt, model_.folder.text_encoder.max_position_embeddings);
  if (!tokens.ok()) {
    context_.fail(tokens.status());
    return {};
  }
  Tensor hidden;
  if (options_.remember_text) hidden = model_.text_memory.find(context_, tokens->ids);
  if (hidden.memory() == nullptr) {
    hidden = model_.stages.encode(context_, tokens->ids);
    if (options_.remember_text && context_.ok()) model_.text_memory.keep(tokens->ids, hidden);
  }
  return {.tokens = std::move(*tokens), .hidden = std::move(hidden)};
}

// Noise, or a picture with noise, to the picture's latent.
Tensor Drawing::denoise(const EncodedPrompts& prompts, Tensor given) {
  if (!context_.ok()) return {};
  const Stopwatch watch;
  begin_stage(Stage::kUNet, (sampler_->runs() - start_) * (guided_ ? 2 : 1) * model_.blocks.unet);
  const std::unique_ptr<NoiseSource> source = make_noise_source(options_.noise, options_.seed);
  Tensor latents = first_latents(*source, std::move(given));
  if (!context_.ok()) return {};
  model_.stages.denoise(context_, latents, *sampler_,
                        {.text = prompts.positive.hidden,
                         .noise = *source,
                         .negative = guided_ ? &prompts.negative.hidden : nullptr,
                         .guidance = guidance_,
                         .start = start_});
  model_.stages.end(Stage::kUNet);
  image_.timings.unet = watch.seconds();
  return latents;
}

Tensor Drawing::first_latents(NoiseSource& source, Tensor given) {
  const int upscale = model_.folder.decoder.upscale();
  Tensor latents = context_.make({1, image_.height / upscale, image_.width / upscale, model_.folder.unet.in_channels});
  if (!context_.ok()) return {};
  std::vector<float> noise = options_.initial_noise;
  if (noise.empty()) {
    noise.resize(static_cast<size_t>(latents.shape().elements()));
    source.draw(0, noise);
  }
  to_channels_last(noise, latents);
  if (begins_with_picture_) {
    const std::span<float> x(latents.data(), noise.size());
    sampler_->add_noise(start_, {given.data(), noise.size()}, x, x);
  } else {
    scale(latents, sampler_->initial_scale());
  }
  return latents;
}

// To pixels, in the caller's memory or the image's own: that too where a filter is to see them before the caller does.
void Drawing::decode(const Tensor& latents) {
  if (!context_.ok()) return;
  const Stopwatch watch;
  arena_.trim();
  begin_stage(Stage::kDecoder, model_.blocks.decoder);
  const Tensor picture = model_.stages.decode(context_, latents);
  model_.stages.end(Stage::kDecoder);
  if (!context_.ok()) return;
  uint8_t* output = options_.output;
  if (output == nullptr || filter_) {
    image_.pixels.resize(static_cast<size_t>(image_.width) * static_cast<size_t>(image_.height) *
                         static_cast<size_t>(image_.format));
    output = image_.pixels.data();
  }
  to_pixels({picture.data(), static_cast<size_t>(picture.shape().elements())}, image_.width, image_.height,
            image_.format, output);
  image_.timings.decoder = watch.seconds();
}

// The picture is the caller's when the filter has passed it.
Status Drawing::pass_filter() {
  if (!filter_) return {};
  const auto refusal =
      filter_(image_.provenance,
              {.data = image_.pixels.data(), .width = image_.width, .height = image_.height, .format = image_.format});
  if (refusal) return refused(*refusal, "the picture was refused");
  if (options_.output == nullptr) return {};
  std::copy(image_.pixels.begin(), image_.pixels.end(), options_.output);
  image_.pixels = {};
  return {};
}

void Drawing::begin_stage(Stage stage, int blocks) {
  done_ = 0;
  if (!options_.progress) return;
  context_.set_on_block([this, stage, blocks] {
    if (!options_.progress(stage, ++done_, blocks))
      context_.fail(Status(StatusCode::kCancelled, "cancelled by the progress callback"));
  });
}

void Drawing::note_what_was_not_read(const EncodedPrompts& prompts) {
  const TokenizedPrompt& tokens = prompts.positive.tokens;
  image_.prompt_truncated = tokens.truncated;
  image_.prompt_tokens = tokens.prompt_tokens;
  image_.unknown_words = model_.words.unknown(prompt_);
  log_notes(log_, {.model = model_,
                   .options = options_,
                   .prompt = prompt_,
                   .tokens = tokens,
                   .negative = guided_ ? &prompts.negative.tokens : nullptr,
                   .unknown_words = image_.unknown_words,
                   .width = image_.width,
                   .height = image_.height});
}

Provenance Drawing::provenance() const {
  Provenance made = {.prompt = std::string(prompt_),
                     .negative_prompt = guided_ ? options_.negative_prompt : std::string(),
                     .model = model_.folder.name,
                     .seed = options_.seed,
                     .steps = sampler_->steps_from(start_),
                     .guidance = guidance_,
                     .sampler = sampler_name(options_.sampler, model_.folder.scheduler),
                     .noise = options_.noise == Noise::kTorch ? "torch" : "philox",
                     .loras = model_.loras};
  if (begins_with_picture_) made.strength = options_.strength;
  return made;
}

}  // namespace

Result<Image> draw(const DrawingTools& tools, std::string_view prompt, const GenerateOptions& options) {
  if (tools.prompt_filter) {
    if (Status status = check_utf8(prompt); !status.ok()) return status;
    if (const auto refusal = tools.prompt_filter(prompt)) return refused(*refusal, "the prompt was refused");
  }
  const LoadedModel& model = tools.model;
  const int width = options.width != 0 ? options.width : model.default_side();
  const int height = options.height != 0 ? options.height : model.default_side();
  if (Status status = check(options, width, height, model.limits()); !status.ok()) return status;
  Result<PartialSampling> sampling = make_partial_sampling(options.sampler, model.folder.scheduler, options.steps,
                                                           options.image.data != nullptr ? options.strength : 1.0);
  if (!sampling.ok()) return sampling.status();
  return Drawing(tools, prompt, options, std::move(*sampling), width, height).run();
}

}  // namespace mobilediffusion
