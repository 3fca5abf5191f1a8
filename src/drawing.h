// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// One picture, from words to pixels.
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "kernels/runtime/arena.h"
#include "kernels/runtime/thread_pool.h"
#include "mobilediffusion/image.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/loaded_model.h"

namespace mobilediffusion {

// What a picture is drawn with. All of it outlives the drawing, and nobody else uses model and arena meanwhile.
struct DrawingTools {
  LoadedModel& model;
  const kernels::ThreadPool& threads;
  kernels::Arena& arena;
  const std::atomic<bool>& cancelled;                          // polled between operators
  const std::function<void(LogLevel, std::string_view)>& log;  // empty: silence
  const PromptFilter& prompt_filter;                           // empty: every prompt passes
  const ImageFilter& image_filter;                             // empty: every picture passes
};

// Errors: as Pipeline::generate()'s.
Result<Image> draw(const DrawingTools& tools, std::string_view prompt, const GenerateOptions& options);

}  // namespace mobilediffusion
