// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/pipeline.h"

#include <atomic>
#include <mutex>
#include <utility>

#include "src/drawing.h"
#include "src/files/packed_model.h"
#include "src/guarded.h"
#include "src/loaded_model.h"
#include "src/options/option_checks.h"
#include "src/stopwatch.h"

namespace mobilediffusion {

using kernels::Arena;
using kernels::ThreadPool;

struct Pipeline::Impl {
  Impl(LoadedModel loaded, const LoadOptions& options)
      : model(std::move(loaded)),
        memory(options.memory),
        threads(options.thread_pool != nullptr ? ThreadPool(options.thread_pool) : ThreadPool(options.threads)),
        log(options.log) {}

  static Result<Pipeline> load(const SourcePath& folder, const LoadOptions& options);
  Result<Image> generate(std::string_view prompt, const GenerateOptions& options);
  void set_running(bool now);

  LoadedModel model;
  const MemoryUse memory;
  const ThreadPool threads;
  const std::function<void(LogLevel, std::string_view)> log;
  Arena arena;
  double load_seconds = 0;

  std::mutex one_at_a_time;  // held during a generate()
  std::mutex state;          // guards `running` and the writing of `cancelled`
  bool running = false;
  std::atomic<bool> cancelled = false;
};

Result<Pipeline> Pipeline::Impl::load(const SourcePath& folder, const LoadOptions& options) {
  const Stopwatch watch;
  if (Status status = check(options); !status.ok()) return status;
  Result<LoadedModel> model = LoadedModel::load(folder, options);
  if (!model.ok()) return model.status();
  auto impl = std::make_unique<Impl>(std::move(*model), options);
  impl->load_seconds = watch.seconds();
  return Pipeline(std::move(impl));
}

void Pipeline::Impl::set_running(bool now) {
  const std::lock_guard<std::mutex> lock(state);
  running = now;
  cancelled = false;
}

Result<Image> Pipeline::Impl::generate(std::string_view prompt, const GenerateOptions& options) {
  const std::lock_guard<std::mutex> turn(one_at_a_time);
  set_running(true);
  Result<Image> image = guarded([&] { return draw({model, threads, arena, cancelled, log}, prompt, options); });
  set_running(false);
  threads.rest();
  if (memory == MemoryUse::kKeep) {
    arena.settle();
  } else {
    arena.trim();
  }
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
  if (impl_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(impl_->state);
  if (impl_->running) impl_->cancelled = true;
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
