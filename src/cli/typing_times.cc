// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/typing_times.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "mobilediffusion/live.h"
#include "mobilediffusion/pipeline.h"
#include "src/cli/platform.h"
#include "src/stopwatch.h"

namespace mobilediffusion::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenKeys(120);  // a hundred words a minute

// The prompt's first characters, one more each time.
std::vector<std::string> keystrokes(const std::string& prompt) {
  std::vector<std::string> typed;
  for (size_t i = 1; i <= prompt.size(); ++i) {
    const bool ends_character = i == prompt.size() || (static_cast<unsigned char>(prompt[i]) & 0xc0) != 0x80;
    if (ends_character) typed.push_back(prompt.substr(0, i));
  }
  return typed;
}

Result<double> median_picture(Pipeline& pipeline, const std::string& prompt, const GenerateOptions& how) {
  constexpr int kWarmUps = 2, kCounted = 5;
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUps + kCounted; ++i) {
    const Result<Image> image = pipeline.generate(prompt, how);
    if (!image.ok()) return image.status();
    if (i >= kWarmUps) seconds.push_back(image->timings.total);
  }
  return median(seconds);
}

}  // namespace

Result<TypingTimes> measure_typing(const TypingTimesOptions& options, ProgressLine& progress) {
  Result<Pipeline> pipeline = Pipeline::load(options.model, options.load);
  if (!pipeline.ok()) return pipeline.status();
  GenerateOptions how{.width = options.size.width, .height = options.size.height, .steps = options.steps};
  how.progress = [](Stage, int, int) { return !interrupted(); };
  const Result<double> generate = median_picture(*pipeline, options.prompt, how);
  if (!generate.ok()) return generate.status();
  TypingTimes times{.generate = *generate, .seconds = {}, .pictures = {}};

  const std::vector<std::string> typed = keystrokes(options.prompt);
  for (int i = 0; i < options.times; ++i) {
    progress.show("typing", i + 1, options.times);
    // Written on the session's thread, read when it has finished.
    double seconds = 0;
    int pictures = 0;
    Status failed;
    Result<LiveSession> session =
        LiveSession::start(*pipeline, {.generate = how, .on_picture = [&](const LivePicture& picture) {
                                         seconds = picture.seconds;
                                         ++pictures;
                                         if (!picture.image.ok()) failed = picture.image.status();
                                       }});
    if (!session.ok()) return session.status();
    for (const std::string& prompt : typed) {
      if (Status status = session->submit(prompt, static_cast<uint64_t>(i)); !status.ok()) return status;
      if (prompt.size() < options.prompt.size()) std::this_thread::sleep_for(kBetweenKeys);
    }
    session->finish();
    if (!failed.ok()) return failed;
    times.seconds.push_back(seconds);
    times.pictures.push_back(pictures);
  }
  return times;
}

nlohmann::json to_json(const TypingTimes& times) {
  return {{"generate", times.generate}, {"typing", {{"seconds", times.seconds}, {"pictures", times.pictures}}}};
}

void print(const TypingTimes& times) {
  std::vector<double> pictures(times.pictures.begin(), times.pictures.end());
  std::printf(
      "typed %zu times, a key every %d ms: the picture is there %.1f ms after the last one (median; %.1f ms at most)\n"
      "one picture by itself takes %.1f ms; %.0f were shown while typing (median)\n",
      times.seconds.size(), static_cast<int>(kBetweenKeys.count()), 1e3 * median(times.seconds),
      1e3 * *std::ranges::max_element(times.seconds), 1e3 * times.generate, median(pictures));
}

}  // namespace mobilediffusion::cli
