// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion bench: seconds by stage, over several runs.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "src/cli/cancel_times.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/numbers.h"
#include "src/cli/output_files.h"
#include "src/cli/platform.h"
#include "src/cli/profile.h"
#include "src/cli/progress_line.h"
#include "src/cli/prompt_lines.h"
#include "src/cli/side_by_side.h"
#include "src/cli/stage_times.h"
#include "src/cli/typing_times.h"
#include "src/files/file_source.h"
#include "src/model/model_folder.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

using nlohmann::json;

struct BenchFlags {
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
  int cancels = 0;       // 0: none
  bool trims = false;
  int typings = 0;  // 0: none
  bool json = false;
};

Result<std::vector<std::string>> prompts_of(const BenchFlags& options) {
  if (options.prompts.empty()) return std::vector<std::string>(static_cast<size_t>(options.runs), options.prompt);
  Result<std::string> text = read_text_file(options.prompts);
  if (!text.ok()) return text.status();
  std::vector<std::string> prompts;
  std::istringstream in(*text);
  LineReader lines(in);
  for (std::string prompt; lines.next_prompt(prompt);) prompts.push_back(prompt);
  if (!lines.status().ok()) return Status(lines.status().code(), options.prompts + ": " + lines.status().message());
  if (prompts.empty())
    return Status(StatusCode::kInvalidArgument, options.prompts + ": expected a prompt a line, found none");
  return prompts;
}

int run_side_by_side(const BenchFlags& options, const std::string& path, const Size& size) {
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
  for (Side* side : {&pair.first, &pair.second}) {
    if (const Status status = choose_precision(side->model, &side->load); !status.ok()) return complain(status);
  }
  const InterruptGuard guard;  // a folder of pairs that is not whole goes
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

template <typename Times>
int tell(const BenchFlags& options, ProgressLine& progress, const Result<Times>& times) {
  progress.clear();
  if (!times.ok()) return complain(times.status());
  if (options.json) {
    std::cout << to_json(*times).dump() << std::endl;
  } else {
    print(*times);
  }
  return kDone;
}

int run_cancels(const BenchFlags& options, const std::string& path, const Size& size) {
  ProgressLine progress(!options.json);
  return tell(options, progress,
              measure_cancels({.model = path,
                               .prompt = options.prompt,
                               .size = size,
                               .steps = options.steps,
                               .times = options.cancels,
                               .trims = options.trims,
                               .load = options.load},
                              progress));
}

int run_typing(const BenchFlags& options, const std::string& path, const Size& size) {
  ProgressLine progress(!options.json);
  return tell(options, progress,
              measure_typing({.model = path,
                              .prompt = options.prompt,
                              .size = size,
                              .steps = options.steps,
                              .times = options.typings,
                              .load = options.load},
                             progress));
}

int run_bench(const BenchFlags& options) {
  Size size;
  if (!options.size.empty()) {
    const Result<Size> parsed = parse_size(options.size);
    if (!parsed.ok()) return complain(parsed.status());
    size = *parsed;
  }
  if (options.runs < 1 || options.runs > 10000)
    return complain({StatusCode::kInvalidArgument, "--runs must be 1 to 10000, not " + std::to_string(options.runs)});
  if (!options.trace.empty()) {
    if (const Status status = check_writable(options.trace); !status.ok()) return complain(status);
  }
  std::string path = options.model;
  if (path.empty()) {
    Result<std::string> found = find_default_model();
    if (!found.ok()) return complain(found.status());
    path = std::move(*found);
  }
  catch_interrupts();
  if (options.cancels > 0) return run_cancels(options, path, size);
  if (options.typings > 0) return run_typing(options, path, size);
  if (!options.against.empty()) return run_side_by_side(options, path, size);
  LoadOptions load = options.load;
  if (const Status status = choose_precision(path, &load); !status.ok()) return complain(status);
  ProgressLine progress(!options.json);
  const Result<StageTimes> times = measure_stages({.model = path,
                                                   .prompt = options.prompt,
                                                   .size = size,
                                                   .steps = options.steps,
                                                   .runs = options.runs,
                                                   .load = load},
                                                  progress);
  progress.clear();
  if (!times.ok()) return complain(times.status());

  std::optional<Profile> profile;
  if (options.profile || !options.trace.empty()) {
    Result<Profile> made = profile_picture(
        {.model = path, .prompt = options.prompt, .size = times->size, .steps = options.steps, .load = load});
    if (!made.ok()) return complain(made.status());
    profile = std::move(*made);
  }
  if (!options.trace.empty()) {
    if (const Status status = write_timeline(options.trace, *profile); !status.ok()) return complain(status);
  }
  if (options.json) {
    json report = to_json(*times);
    if (profile) report["profile"] = to_json(*profile);
    std::cout << report.dump() << std::endl;
  } else {
    print(*times);
    if (profile) print_profile(*profile);
  }
  return kDone;
}

}  // namespace

Run add_bench(CLI::App& app) {
  auto options = std::make_shared<BenchFlags>();
  CLI::App* const command = app.add_subcommand("bench", "Time a model, stage by stage");
  command->add_option("MODEL", options->model, "A model folder or a packed model. Default: the default model");
  command->add_option("--runs", options->runs, "Counted runs, behind two that warm up")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command->add_option("--size", options->size, "WIDTHxHEIGHT in pixels. Default: what the model was made for");
  command->add_option("--steps", options->steps, "Denoising steps. Default: the model's own")->transform(kWholeNumber);
  add_load_flags(*command, &options->load);
  command->add_option("--prompt", options->prompt)->capture_default_str();
  command->add_flag("--profile", options->profile, "Also tell where a picture's time goes, by operator");
  command->add_option("--trace", options->trace, "Also write a timeline of one picture, for a trace viewer (JSON)");
  CLI::Option* const against =
      command->add_option("--against", options->against,
                          "Another precision or model folder to draw the same pictures in turn: ratio and PSNR");
  command->add_option("--prompts", options->prompts, "A file with a prompt a line for that")->needs(against);
  command->add_option("--pictures", options->pictures, "A new folder for those pairs, side by side")->needs(against);
  CLI::Option* const cancel =
      command
          ->add_option("--cancel", options->cancels,
                       "Cancel so many pictures, spread evenly over their time, and tell when they returned")
          ->transform(kWholeNumber)
          ->check(CLI::Range(1, 10000))
          ->excludes(against);
  command->add_flag("--trim", options->trims, "Give all memory back before each of those, so that networks load anew")
      ->needs(cancel);
  command
      ->add_option("--typing", options->typings,
                   "Type the prompt so often, letter by letter, and tell how soon its picture was there")
      ->transform(kWholeNumber)
      ->check(CLI::Range(1, 10000))
      ->excludes(against)
      ->excludes(cancel);
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->footer(
      "Examples:\n  mobilediffusion bench models/scenes\n  mobilediffusion bench full-size --threads 2 --runs 3 "
      "--json\n  mobilediffusion bench --typing 5\n  mobilediffusion bench models/scenes --against int8 --prompts "
      "prompts.txt --pictures pairs");
  return [options] { return run_bench(*options); };
}

}  // namespace mobilediffusion::cli
