// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/cancel_times.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "mobilediffusion/pipeline.h"
#include "src/cli/platform.h"
#include "src/images/picture_report.h"
#include "src/stopwatch.h"

namespace mobilediffusion::cli {
namespace {

// One picture, cancelled after so many seconds. Nothing where it was done before.
Result<std::optional<CancelTimes::Row>> cancel_after(Pipeline& pipeline, const CancelTimesOptions& options,
                                                     double seconds) {
  std::atomic<Stage> stage = Stage::kText;  // which is loaded before anything is done
  GenerateOptions wanted{.width = options.size.width, .height = options.size.height, .steps = options.steps};
  wanted.progress = [&](Stage now, int, int) {
    stage = now;
    return !interrupted();
  };
  CancelTimes::Row row{.after = seconds};
  Stopwatch since_cancel;
  const Stopwatch since_start;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    row.stage = name_of(stage);
    since_cancel = Stopwatch();
    pipeline.cancel();
  });
  const Result<Image> image = pipeline.generate(options.prompt, wanted);
  const double returned = since_start.seconds();
  canceller.join();
  row.seconds = std::max(0.0, since_cancel.seconds() - (since_start.seconds() - returned));
  if (image.ok()) return std::optional<CancelTimes::Row>();
  if (image.status().code() != StatusCode::kCancelled || interrupted()) return image.status();
  return std::optional(std::move(row));
}

}  // namespace

Result<CancelTimes> measure_cancels(const CancelTimesOptions& options, ProgressLine& progress) {
  Result<Pipeline> pipeline = Pipeline::load(options.model, options.load);
  if (!pipeline.ok()) return pipeline.status();
  const GenerateOptions whole{.width = options.size.width, .height = options.size.height, .steps = options.steps};
  if (const Result<Image> warm_up = pipeline->generate(options.prompt, whole); !warm_up.ok()) return warm_up.status();
  if (options.trims) pipeline->trim();
  const Stopwatch watch;
  if (const Result<Image> timed = pipeline->generate(options.prompt, whole); !timed.ok()) return timed.status();
  const double picture = watch.seconds();

  CancelTimes times;
  for (int i = 0; i < options.times; ++i) {
    progress.show("cancel", i + 1, options.times);
    if (options.trims) pipeline->trim();
    Result<std::optional<CancelTimes::Row>> row = cancel_after(*pipeline, options, picture * (i + 0.5) / options.times);
    if (!row.ok()) return row.status();
    if (*row) times.rows.push_back(std::move(**row));
  }
  if (times.rows.empty())
    return Status(StatusCode::kInvalidState, "no picture was cancelled: each was done before; ask for more --cancel");
  return times;
}

nlohmann::json to_json(const CancelTimes& times) {
  nlohmann::json rows = nlohmann::json::array();
  for (const CancelTimes::Row& row : times.rows)
    rows.push_back({{"after", row.after}, {"stage", row.stage}, {"seconds", row.seconds}});
  return {{"cancels", std::move(rows)}};
}

void print(const CancelTimes& times) {
  for (const char* stage : {"text", "unet", "decoder"}) {
    std::vector<double> seconds;
    for (const CancelTimes::Row& row : times.rows) {
      if (row.stage == stage) seconds.push_back(row.seconds);
    }
    if (seconds.empty()) continue;
    std::printf("cancelled in %-8s %3zu times, returned after %6.1f ms (median), %6.1f ms at most\n", stage,
                seconds.size(), 1e3 * median(seconds), 1e3 * *std::max_element(seconds.begin(), seconds.end()));
  }
}

}  // namespace mobilediffusion::cli
