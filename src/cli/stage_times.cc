// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/stage_times.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/platform.h"
#include "src/networks/cost.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {

using nlohmann::json;

double StageRow::fastest() const { return *std::min_element(seconds.begin(), seconds.end()); }
double StageRow::slowest() const { return *std::max_element(seconds.begin(), seconds.end()); }

Result<StageTimes> measure_stages(const StageTimesOptions& options, ProgressLine& progress) {
  Result<Pipeline> pipeline = Pipeline::load(options.model, options.load);
  if (!pipeline.ok()) return pipeline.status();
  const InterruptGuard guard;
  StageTimes times;
  times.load.seconds = {pipeline->load_seconds()};
  GenerateOptions generate;
  generate.width = options.size.width;
  generate.height = options.size.height;
  generate.steps = options.steps;
  generate.progress = [](Stage, int, int) { return !interrupted(); };
  Image last;
  for (int i = 0; i < kWarmUps + options.runs; ++i) {
    Result<Image> image = pipeline->generate(options.prompt, generate);
    if (!image.ok()) return image.status();
    progress.show("run", std::max(0, i + 1 - kWarmUps), options.runs);
    last = std::move(*image);
    if (i < kWarmUps) continue;
    times.text.seconds.push_back(last.timings.text);
    times.unet.seconds.push_back(last.timings.unet);
    times.decoder.seconds.push_back(last.timings.decoder);
    times.picture.seconds.push_back(last.timings.total);
  }

  const Result<ModelFolder> model = open_model_folder(options.model, options.load.vae);
  if (!model.ok()) return model.status();
  const int upscale = model->decoder.upscale();
  const ModelCost cost = cost_of(*model, last.height / upscale, last.width / upscale);
  times.text.macs = cost.text_encoder.whole.macs;
  times.unet.macs = cost.unet.whole.macs * last.provenance.steps;
  times.decoder.macs = cost.decoder.whole.macs;
  times.picture.macs = times.text.macs + times.unet.macs + times.decoder.macs;
  times.model = model->name;
  times.precision = options.load.precision;
  times.size = {last.width, last.height};
  times.steps = last.provenance.steps;
  times.runs = options.runs;
  times.peak_memory = peak_memory();
  return times;
}

json to_json(const StageTimes& times) {
  json report{{"model", times.model}, {"width", times.size.width},    {"height", times.size.height},
              {"steps", times.steps}, {"runs", times.runs},           {"peak_memory_bytes", times.peak_memory},
              {"version", version()}, {"xnnpack", xnnpack_version()}, {"precision", to_string(times.precision)}};
  for (const StageRow* row : {&times.load, &times.text, &times.unet, &times.decoder, &times.picture}) {
    json entry{{"median", row->median()}, {"min", row->fastest()}, {"max", row->slowest()}};
    if (row->macs > 0) entry["gflops"] = row->gflops();
    report["seconds"][row->name] = entry;
  }
  return report;
}

void print(const StageTimes& times) {
  std::printf("%s  %dx%d  %d step%s  %s  median of %d runs\n\n%-9s %9s %9s %9s %10s\n", times.model.c_str(),
              times.size.width, times.size.height, times.steps, times.steps == 1 ? "" : "s",
              std::string(to_string(times.precision)).c_str(), times.runs, "seconds", "median", "min", "max",
              "GFLOP/s");
  for (const StageRow* row : {&times.load, &times.text, &times.unet, &times.decoder, &times.picture}) {
    std::printf("%-9s %9.4f %9.4f %9.4f", row->name.c_str(), row->median(), row->fastest(), row->slowest());
    if (row->macs > 0) {
      std::printf(" %10.1f\n", row->gflops());
    } else {
      std::printf("\n");
    }
  }
  std::printf("\npeak memory %.0f MB\n", 1e-6 * static_cast<double>(times.peak_memory));
}

}  // namespace mobilediffusion::cli
