// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/drawing_notes.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "src/files/in_message.h"
#include "src/text/prompt_syntax.h"

namespace mobilediffusion {
namespace {

std::string shown(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

std::string shown(float value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

std::optional<std::string> note_on_length(const char* what, const TokenizedPrompt& tokens, const LoadedModel& model) {
  if (!tokens.truncated) return std::nullopt;
  return std::string(what) + " has " + std::to_string(tokens.prompt_tokens) + " tokens; the first " +
         std::to_string(model.folder.text_encoder.max_position_embeddings - 2) + " are read";
}

std::optional<std::string> note_on_words(const std::vector<std::string>& unknown) {
  if (unknown.empty()) return std::nullopt;
  std::string list;
  for (const std::string& word : unknown) add_to_list(list, word);
  return "this model was never taught: " + list;
}

std::optional<std::string> note_on_size(const ModelFolder& model, int width, int height) {
  const int upscale = model.decoder.upscale();
  std::string sizes;
  for (const LatentSize& size : model.unet.sample_sizes) {
    if (size.width * upscale == width && size.height * upscale == height) return std::nullopt;
    add_to_list(sizes, shown(size.width * upscale, size.height * upscale));
  }
  return "this model was made for pictures of " + sizes + "; one of " + shown(width, height) + " may not look right";
}

std::optional<std::string> note_on_guidance(const LoadedModel& model, const GenerateOptions& options) {
  constexpr float kFar = 3;                                            // times what a model was made for
  if (!options.guidance || !model.loras.empty()) return std::nullopt;  // a LoRA may have changed what is right
  const float asked = *options.guidance, usual = usual_guidance(options.sampler, model.folder.scheduler);
  if (usual <= 1 && asked > 1)
    return "this model was made for no guidance; with " + shown(asked) + " a picture may not look right";
  if (usual > 1 && (asked <= 1 || asked > kFar * usual))
    return "this model was made for a guidance of about " + shown(usual) + "; with " + shown(asked) +
           " a picture may not look right";
  return std::nullopt;
}

std::optional<std::string> note_on_negative_prompt(const DrawingFacts& facts) {
  if (facts.options.negative_prompt.empty()) return std::nullopt;
  if (facts.negative != nullptr) return note_on_length("the negative prompt", *facts.negative, facts.model);
  if (facts.model.folder.unet.time_cond_proj_dim > 0)
    return "the negative prompt is not read: this model takes its guidance as an input, and sees one prompt alone";
  return "the negative prompt is not read: guidance is off; one above 1 turns it on";
}

}  // namespace

void log_notes(const std::function<void(LogLevel, std::string_view)>& log, const DrawingFacts& facts) {
  if (!log) return;
  const auto note = [&log](const std::optional<std::string>& text) {
    if (text) log(LogLevel::kWarning, *text);
  };
  note(note_on_length("the prompt", facts.tokens, facts.model));
  note(note_on_words(facts.unknown_words));
  for (const std::string& text : notes_on_syntax(facts.prompt)) note(text);
  note(note_on_negative_prompt(facts));
  if (facts.negative != nullptr) {
    for (const std::string& text : notes_on_syntax(facts.options.negative_prompt)) note("negative prompt: " + text);
  }
  note(note_on_size(facts.model.folder, facts.width, facts.height));
  note(note_on_guidance(facts.model, facts.options));
}

}  // namespace mobilediffusion
