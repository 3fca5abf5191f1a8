// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pipeline.h"

#include <memory>
#include <utility>

#include "kernels/runtime/allocation.h"
#include "src/drawing.h"
#include "src/files/guarded.h"
#include "src/files/packed_model.h"
#include "src/loaded_model.h"
#include "src/options/option_checks.h"
#include "src/own_thread.h"
#include "src/stopwatch.h"
#include "src/turns.h"

namespace mobilediffusion {

using kernels::Arena;
using kernels::ThreadPool;

struct Pipeline::Impl {
  Impl(LoadedModel loaded, const LoadOptions& options)
      : model(std::move(loaded)),
        memory(options.memory),
        threads(options.thread_pool != nullptr ? ThreadPool(options.thread_pool) : ThreadPool(options.threads)),
        log(options.log),
        prompt_filter(options.prompt_filter),
        image_filter(options.image_filter) {
    if (options.priority == Priority::kBackground && options.thread_pool == nullptr) threads.run_in_background();
  }

  static Result<Pipeline> load(const SourcePath& folder, const LoadOptions& options);
  static Result<std::unique_ptr<Impl>> load_here(const SourcePath& folder, const LoadOptions& options);
  Result<Image> generate(std::string_view prompt, const GenerateOptions& options);
  Result<Image> generate_here(std::string_view prompt, const GenerateOptions& options);
  void trim();

  LoadedModel model;
  const MemoryUse memory;
  const ThreadPool threads;
  const std::function<void(LogLevel, std::string_view)> log;
  const PromptFilter prompt_filter;
  const ImageFilter image_filter;
  Arena arena;
  double load_seconds = 0;
  std::unique_ptr<OwnThread> background;  // null: work is done on the caller's thread

  Turns turns{[this] { trim(); }};  // the last member: who runs leaves before anything goes
};

Result<std::unique_ptr<Pipeline::Impl>> Pipeline::Impl::load_here(const SourcePath& folder,
                                                                  const LoadOptions& options) {
  const Stopwatch watch;
  Result<LoadedModel> model = LoadedModel::load(folder, options);
  if (!model.ok()) return model.status();
  auto impl = std::make_unique<Impl>(std::move(*model), options);
  impl->load_seconds = watch.seconds();
  return impl;
}

Result<Pipeline> Pipeline::Impl::load(const SourcePath& folder, const LoadOptions& options) {
  if (Status status = check(options); !status.ok()) return status;
  std::unique_ptr<OwnThread> background;
  Result<std::unique_ptr<Impl>> impl = std::unique_ptr<Impl>();
  const auto load = [&] { impl = guarded([&] { return load_here(folder, options); }); };
  if (options.priority == Priority::kBackground) {
    background = std::make_unique<OwnThread>();
    background->run(load);
  } else {
    load();
  }
  if (!impl.ok()) return impl.status();
  (*impl)->background = std::move(background);
  return Pipeline(std::move(*impl));
}

Result<Image> Pipeline::Impl::generate(std::string_view prompt, const GenerateOptions& options) {
  const Turns::Turn turn(turns);
  if (!turn) return Status(StatusCode::kInvalidState, "this pipeline is being destroyed");
  if (background == nullptr) return generate_here(prompt, options);
  Result<Image> image = Image();
  background->run([&] { image = generate_here(prompt, options); });
  return image;
}

Result<Image> Pipeline::Impl::generate_here(std::string_view prompt, const GenerateOptions& options) {
  Result<Image> image = guarded([&] {
    return draw({model, threads, arena, turns.cancelled(), log, prompt_filter, image_filter}, prompt, options);
  });
  threads.rest();
  if (memory == MemoryUse::kKeep) {
    arena.settle();
  } else {
    arena.trim();
  }
  return image;
}

void Pipeline::Impl::trim() {
  model.stages.drop();
  model.text_memory.clear();
  arena.trim();
  kernels::give_back_released();
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

Result<Pipeline> Pipeline::load(int descriptor, uint64_t offset, uint64_t bytes, const LoadOptions& options) {
  return guarded([&]() -> Result<Pipeline> {
    const Result<PackedModel> model =
        open_packed_model(descriptor, offset, bytes, "the descriptor " + std::to_string(descriptor));
    if (!model.ok()) return model.status();
    return Impl::load({*model, ""}, options);
  });
}

Result<Pipeline> Pipeline::load(std::span<const uint8_t> model, const LoadOptions& options) {
  return guarded([&]() -> Result<Pipeline> {
    const Result<PackedModel> opened = open_packed_model(std::as_bytes(model), "the model in memory");
    if (!opened.ok()) return opened.status();
    return Impl::load({*opened, ""}, options);
  });
}

Result<Image> Pipeline::generate(std::string_view prompt, const GenerateOptions& options) {
  if (impl_ == nullptr) return Status(StatusCode::kInvalidState, "this pipeline was moved from and has no model");
  return impl_->generate(prompt, options);
}

void Pipeline::cancel() {
  if (impl_ != nullptr) impl_->turns.cancel();
}

void Pipeline::trim() {
  if (impl_ != nullptr) impl_->turns.tidy_up();
}

int Pipeline::default_width() const { return impl_ ? impl_->model.default_side() : 0; }
int Pipeline::default_height() const { return default_width(); }
int Pipeline::size_multiple() const { return impl_ ? impl_->model.limits().size_multiple : 0; }
double Pipeline::load_seconds() const { return impl_ ? impl_->load_seconds : 0; }

const std::string& Pipeline::model_name() const {
  static const std::string none;
  return impl_ ? impl_->model.folder.name : none;
}

std::string_view version() { return MOBILEDIFFUSION_VERSION; }
std::string_view xnnpack_version() { return MOBILEDIFFUSION_XNNPACK_VERSION; }

}  // namespace mobilediffusion
