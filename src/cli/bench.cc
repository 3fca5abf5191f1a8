// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion bench: seconds by stage, over several runs.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/profile.h"
#include "src/cli/side_by_side.h"
#include "src/networks/cost.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model;
  std::string size;
  std::string prompt = "two red boats at sunset";
  int runs = 5;
  int steps = 0;
  LoadOptions load;
  bool profile = false;
  std::string trace;
  std::string against;   // a precision or a folder
  std::string prompts;   // a file
  std::string pictures;  // a folder
  bool json = false;
};

struct Row {
  std::string name;
  std::vector<double> seconds;
  int64_t macs = 0;

  double median() const { return cli::median(seconds); }
  double fastest() const { return *std::min_element(seconds.begin(), seconds.end()); }
  double slowest() const { return *std::max_element(seconds.begin(), seconds.end()); }
  double gflops() const { return 2e-9 * static_cast<double>(macs) / median(); }
};

// The largest resident size that this process has had, in bytes.
int64_t peak_memory() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return int64_t{usage.ru_maxrss} * 1024;
#endif
}

Result<std::vector<std::string>> prompts_of(const Options& options) {
  if (options.prompts.empty()) return std::vector<std::string>(static_cast<size_t>(options.runs), options.prompt);
  Result<std::string> text = read_text_file(options.prompts);
  if (!text.ok()) return text.status();
  std::vector<std::string> prompts;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) prompts.push_back(line);
  }
  if (prompts.empty())
    return Status(StatusCode::kInvalidArgument, options.prompts + ": expected a prompt a line, found none");
  return prompts;
}

int run_side_by_side(const Options& options, const std::string& path, const Size& size) {
  const Result<std::vector<std::string>> prompts = prompts_of(options);
  if (!prompts.ok()) return complain(prompts.status());
  SideBySide pair{.first = {path, options.load},
                  .second = {path, options.load},
                  .prompts = *prompts,
                  .size = size,
                  .steps = options.steps,
                  .pictures = options.pictures};
  if (const std::optional<Precision> precision = parse_precision(options.against)) {
    pair.second.load.precision = *precision;
  } else {
    pair.second.model = options.against;
  }
  catch_interrupts();
  ProgressLine progress(!options.json);
  const Result<json> measured = measure(pair, progress);
  progress.clear();
  if (!measured.ok()) return complain(measured.status());
  if (options.json) {
    std::cout << measured->dump() << std::endl;
  } else {
    print(pair, *measured);
  }
  return kDone;
}

int run(const Options& options) {
  Size size;
  if (!options.size.empty()) {
    const Result<Size> parsed = parse_size(options.size);
    if (!parsed.ok()) return complain(parsed.status());
    size = *parsed;
  }
  if (options.runs < 1 || options.runs > 10000)
    return complain({StatusCode::kInvalidArgument, "--runs must be 1 to 10000, not " + std::to_string(options.runs)});
  std::string path = options.model;
  if (path.empty()) {
    Result<std::string> found = find_default_model();
    if (!found.ok()) return complain(found.status());
    path = std::move(*found);
  }
  if (!options.against.empty()) return run_side_by_side(options, path, size);
  Result<Pipeline> pipeline = Pipeline::load(path, options.load);
  if (!pipeline.ok()) return complain(pipeline.status());
  catch_interrupts();

  Row load{"load", {pipeline->load_seconds()}}, text{"text", {}}, unet{"unet", {}}, decoder{"decoder", {}},
      total{"picture", {}};
  GenerateOptions generate;
  generate.width = size.width;
  generate.height = size.height;
  generate.steps = options.steps;
  ProgressLine progress(!options.json);
  generate.progress = [](Stage, int, int) { return !interrupted(); };
  Image last;
  for (int i = 0; i < kWarmUps + options.runs; ++i) {
    Result<Image> image = pipeline->generate(options.prompt, generate);
    if (!image.ok()) {
      progress.clear();
      return complain(image.status());
    }
    progress.show("run", std::max(0, i + 1 - kWarmUps), options.runs);
    last = std::move(*image);
    if (i < kWarmUps) continue;
    text.seconds.push_back(last.timings.text);
    unet.seconds.push_back(last.timings.unet);
    decoder.seconds.push_back(last.timings.decoder);
    total.seconds.push_back(last.timings.total);
  }
  progress.clear();

  const Result<ModelFolder> model = open_model_folder(path, options.load.vae);
  if (!model.ok()) return complain(model.status());
  const int upscale = model->decoder.upscale();
  const ModelCost cost = cost_of(*model, last.height / upscale, last.width / upscale);
  text.macs = cost.text_encoder.whole.macs;
  unet.macs = cost.unet.whole.macs * last.provenance.steps;
  decoder.macs = cost.decoder.whole.macs;
  total.macs = text.macs + unet.macs + decoder.macs;
  const int64_t memory = peak_memory();
  pipeline = Status(StatusCode::kCancelled, "freed before the model is loaded once more");
  std::optional<Profile> profile;
  if (options.profile || !options.trace.empty()) {
    Result<Profile> made = profile_picture({.model = path,
                                            .prompt = options.prompt,
                                            .size = {last.width, last.height},
                                            .steps = options.steps,
                                            .load = options.load});
    if (!made.ok()) return complain(made.status());
    profile = std::move(*made);
  }
  if (!options.trace.empty()) {
    if (const Status status = write_timeline(options.trace, *profile); !status.ok()) return complain(status);
  }

  if (options.json) {
    json report{{"model", model->name},
                {"width", last.width},
                {"height", last.height},
                {"steps", last.provenance.steps},
                {"runs", options.runs},
                {"peak_memory_bytes", memory},
                {"version", version()},
                {"xnnpack", xnnpack_version()},
                {"precision", to_string(options.load.precision)}};
    for (const Row* row : {&load, &text, &unet, &decoder, &total}) {
      json entry{{"median", row->median()}, {"min", row->fastest()}, {"max", row->slowest()}};
      if (row->macs > 0) entry["gflops"] = row->gflops();
      report["seconds"][row->name] = entry;
    }
    if (profile) report["profile"] = to_json(*profile);
    std::cout << report.dump() << std::endl;
    return kDone;
  }
  std::printf("%s  %dx%d  %d step%s  %s  median of %d runs\n\n%-9s %9s %9s %9s %10s\n", model->name.c_str(), last.width,
              last.height, last.provenance.steps, last.provenance.steps == 1 ? "" : "s",
              std::string(to_string(options.load.precision)).c_str(), options.runs, "seconds", "median", "min", "max",
              "GFLOP/s");
  for (const Row* row : {&load, &text, &unet, &decoder, &total}) {
    std::printf("%-9s %9.4f %9.4f %9.4f", row->name.c_str(), row->median(), row->fastest(), row->slowest());
    if (row->macs > 0) {
      std::printf(" %10.1f\n", row->gflops());
    } else {
      std::printf("\n");
    }
  }
  std::printf("\npeak memory %.0f MB\n", 1e-6 * static_cast<double>(memory));
  if (profile) print_profile(*profile);
  return kDone;
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("bench", "Time a model, stage by stage");
  command->add_option("MODEL", options->model, "A model folder. Default: the default model");
  command->add_option("--runs", options->runs, "Counted runs, behind two that warm up")->capture_default_str();
  command->add_option("--size", options->size, "WIDTHxHEIGHT in pixels. Default: what the model was made for");
  command->add_option("--steps", options->steps, "Denoising steps. Default: the model's own");
  add_load_flags(*command, &options->load);
  command->add_option("--prompt", options->prompt)->capture_default_str();
  command->add_flag("--profile", options->profile, "Also tell where a picture's time goes, by operator");
  command->add_option("--trace", options->trace, "Also write a timeline of one picture, for a trace viewer (JSON)");
  CLI::Option* const against =
      command->add_option("--against", options->against,
                          "Another precision or model folder to draw the same pictures in turn: ratio and PSNR");
  command->add_option("--prompts", options->prompts, "A file with a prompt a line for that")->needs(against);
  command->add_option("--pictures", options->pictures, "A new folder for those pairs, side by side")->needs(against);
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->footer(
      "Examples:\n  mobilediffusion bench models/scenes\n  mobilediffusion bench full-size --threads 2 --runs 3 "
      "--json\n  mobilediffusion bench models/scenes --against int8 --prompts prompts.txt --pictures pairs");
  return [options] { return run(*options); };
}

}  // namespace mobilediffusion::cli
