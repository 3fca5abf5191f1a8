// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/c/filters.h"

#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mobilediffusion/filters.h"
#include "src/c/handles.h"

struct md_refusal {
  std::optional<std::string> reason;
};

void md_refuse(md_refusal* refusal, const char* reason) {
  if (refusal == nullptr || refusal->reason) return;
  refusal->reason.emplace();  // refused, whether there is memory for more or not
  try {
    if (reason != nullptr) *refusal->reason = reason;
  } catch (const std::bad_alloc&) {
  }
}

namespace mobilediffusion::c {
namespace {

using Options = SizedOptions<md_load_options>;

Result<PromptFilter> refused_words_of(const Options& given) {
  std::string list;
  given.read(&md_load_options::refused_words, list);
  if (list.empty()) return PromptFilter();
  const auto words = read_word_list(list);
  return words.ok() ? word_list_filter(*words) : words.status();
}

PromptFilter prompt_filter_of(const Options& given) {
  md_prompt_filter filter = nullptr;
  void* user_data = nullptr;
  given.read(&md_load_options::prompt_filter, filter);
  given.read(&md_load_options::prompt_filter_user_data, user_data);
  if (filter == nullptr) return {};
  return [filter, user_data](std::string_view prompt) {
    md_refusal refusal;
    filter(user_data, std::string(prompt).c_str(), &refusal);
    return std::move(refusal.reason);
  };
}

// Both, in that order; either may be empty.
PromptFilter in_turn(PromptFilter first, PromptFilter second) {
  if (!first || !second) return first ? first : second;
  return [first = std::move(first), second = std::move(second)](std::string_view prompt) {
    auto refusal = first(prompt);
    return refusal ? std::move(refusal) : second(prompt);
  };
}

ImageFilter image_filter_of(const Options& given) {
  md_image_filter filter = nullptr;
  void* user_data = nullptr;
  given.read(&md_load_options::image_filter, filter);
  given.read(&md_load_options::image_filter_user_data, user_data);
  if (filter == nullptr) return {};
  return [filter, user_data](const Provenance& how, const MutablePixels& pixels) {
    md_refusal refusal;
    filter(user_data, handle_of(&how), pixels.data, pixels.width, pixels.height,
           static_cast<md_pixel_format>(pixels.format), &refusal);
    return std::move(refusal.reason);
  };
}

}  // namespace

Status read_filters(const Options& given, LoadOptions& options) {
  Result<PromptFilter> refused_words = refused_words_of(given);
  if (!refused_words.ok()) return refused_words.status();
  options.prompt_filter = in_turn(std::move(*refused_words), prompt_filter_of(given));
  options.image_filter = image_filter_of(given);
  return {};
}

}  // namespace mobilediffusion::c
