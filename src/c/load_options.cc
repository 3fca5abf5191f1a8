// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "mobilediffusion/filters.h"
#include "src/c/handles.h"
#include "src/c/loras.h"
#include "src/c/options.h"
#include "src/c/sized_options.h"

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

Result<LoadOptions> load_options_of(const md_load_options* given) {
  const auto opened = Options::open(given, "md_load_options");
  if (!opened.ok()) return opened.status();
  LoadOptions options;
  opened->read(&md_load_options::threads, options.threads);
  opened->read(&md_load_options::precision, options.precision);
  opened->read(&md_load_options::memory, options.memory);
  opened->read(&md_load_options::priority, options.priority);
  opened->read(&md_load_options::cache_folder, options.cache_folder);
  opened->read(&md_load_options::cache_bytes, options.cache_bytes);
  opened->read(&md_load_options::vae, options.vae);
  opened->read(&md_load_options::thread_pool, options.thread_pool);
  if (Status status = read_loras(*opened, options.loras); !status.ok()) return status;

  md_log_callback log = nullptr;
  void* user_data = nullptr;
  opened->read(&md_load_options::log, log);
  opened->read(&md_load_options::log_user_data, user_data);
  if (log != nullptr) {
    options.log = [log, user_data](LogLevel level, std::string_view message) {
      log(user_data, static_cast<md_log_level>(level), std::string(message).c_str());
    };
  }

  Result<PromptFilter> refused_words = refused_words_of(*opened);
  if (!refused_words.ok()) return refused_words.status();
  options.prompt_filter = in_turn(std::move(*refused_words), prompt_filter_of(*opened));
  options.image_filter = image_filter_of(*opened);
  return options;
}

}  // namespace mobilediffusion::c

void md_load_options_init(md_load_options* options, size_t struct_size) {
  const mobilediffusion::LoadOptions defaults;
  md_load_options written = {};
  written.threads = defaults.threads;
  written.precision = static_cast<md_precision>(defaults.precision);
  written.memory = static_cast<md_memory_use>(defaults.memory);
  written.priority = static_cast<md_priority>(defaults.priority);
  written.cache_bytes = defaults.cache_bytes;
  mobilediffusion::c::init_options(options, struct_size, written);
}
