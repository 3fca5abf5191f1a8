// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/live.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "src/files/guarded.h"
#include "src/stopwatch.h"

namespace mobilediffusion {

struct LiveSession::Impl {
  struct Request {
    std::string prompt;
    uint64_t seed;
    Stopwatch since;

    bool asks_for_the_same(const Request& other) const { return prompt == other.prompt && seed == other.seed; }
  };

  Impl(Pipeline& with, LiveOptions how) : pipeline(with), options(std::move(how)) {
    options.generate.cancelled = &overtaken;
    options.generate.remember_text = true;
    thread = std::thread([this] { work(); });
  }
  ~Impl();

  void submit(Request request);
  void finish();
  void work();

  Pipeline& pipeline;
  LiveOptions options;

  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Request> waiting;
  std::optional<Request> newest;  // of all that were submitted; nothing where it failed
  bool drawing = false;           // or calling back
  bool ends = false;
  std::atomic<bool> overtaken = false;  // what is being drawn; written under the mutex

  std::thread thread;  // the last member: it uses the others
};

LiveSession::Impl::~Impl() {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ends = overtaken = true;
    changed.notify_all();
  }
  thread.join();
}

void LiveSession::Impl::submit(Request request) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (newest && newest->asks_for_the_same(request)) return;
  newest = request;
  waiting = std::move(request);
  overtaken = true;
  changed.notify_all();
}

void LiveSession::Impl::finish() {
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return !waiting && !drawing; });
}

void LiveSession::Impl::work() {
  GenerateOptions how = options.generate;
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return waiting || ends; });
    if (ends) return;
    Request request = std::move(*waiting);
    waiting.reset();
    overtaken = false;
    drawing = true;
    lock.unlock();

    how.seed = request.seed;
    Result<Image> image = pipeline.generate(request.prompt, how);

    lock.lock();
    const bool was_cut_short = overtaken && image.status().code() == StatusCode::kCancelled;
    if (!image.ok() && !waiting) newest.reset();  // which is this one
    if (!ends && !was_cut_short) {
      lock.unlock();
      const double seconds = request.since.seconds();
      options.on_picture({std::move(request.prompt), request.seed, std::move(image), seconds});
      lock.lock();
    }
    drawing = false;
    changed.notify_all();
  }
}

Result<LiveSession> LiveSession::start(Pipeline& pipeline, LiveOptions options) {
  if (!options.on_picture) return Status(StatusCode::kInvalidArgument, "a live session needs on_picture");
  if (options.generate.output != nullptr)
    return Status(StatusCode::kInvalidArgument, "a live session draws several pictures: output must be null");
  if (options.generate.cancelled != nullptr)
    return Status(StatusCode::kInvalidArgument, "a live session cancels by itself: cancelled must be null");
  if (pipeline.size_multiple() == 0)
    return Status(StatusCode::kInvalidState, "this pipeline was moved from and has no model");
  return guarded([&]() -> Result<LiveSession> {
    try {
      return LiveSession(std::make_unique<Impl>(pipeline, std::move(options)));
    } catch (const std::system_error& error) {
      return Status(StatusCode::kOutOfMemory, std::string("no thread for a live session: ") + error.what());
    }
  });
}

LiveSession::LiveSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LiveSession::LiveSession(LiveSession&&) noexcept = default;
LiveSession& LiveSession::operator=(LiveSession&&) noexcept = default;
LiveSession::~LiveSession() = default;

Status LiveSession::submit(std::string prompt) {
  return submit(std::move(prompt), impl_ == nullptr ? 0 : impl_->options.generate.seed);
}

Status LiveSession::submit(std::string prompt, uint64_t seed) {
  if (impl_ == nullptr) return Status(StatusCode::kInvalidState, "this live session was moved from");
  return guarded([&] {
    impl_->submit({std::move(prompt), seed, {}});
    return Status();
  });
}

void LiveSession::finish() {
  if (impl_ != nullptr) impl_->finish();
}

}  // namespace mobilediffusion
