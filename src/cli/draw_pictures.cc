// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/draw_pictures.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/numbers.h"
#include "src/cli/output_files.h"
#include "src/cli/platform.h"
#include "src/cli/progress_line.h"
#include "src/cli/prompt_lines.h"
#include "src/cli/refused_words.h"
#include "src/files/utf8_path.h"
#include "src/images/picture_report.h"

namespace mobilediffusion::cli {
namespace {

nlohmann::json report(const Image& image, const std::string& file, double load_seconds) {
  nlohmann::json told = picture_report(image);
  told["file"] = file;
  told["seconds"]["load"] = load_seconds;
  return told;
}

Status to_stdout(const Image& image, const SaveOptions& save) {
  const Result<std::vector<uint8_t>> png = image.encode_png(save);
  if (!png.ok()) return png.status();
  make_stdout_binary();
  if (std::fwrite(png->data(), 1, png->size(), stdout) != png->size() || std::fflush(stdout) != 0) {
    return Status(StatusCode::kIoError, "stdout could not be written");
  }
  return {};
}

Status invalid(const std::string& what) { return {StatusCode::kInvalidArgument, what}; }

struct Prompt {
  std::string text;
  int number = 0;  // among those of stdin, from 1; 0: the command line's only one
  int line = 0;    // of stdin
};

class Pictures {
 public:
  explicit Pictures(const GenerateCommand& command) : command_(command), progress_(!command.quiet) {}

  int run() {
    catch_interrupts();
    Status status = prepare();
    if (!status.ok()) return complain(status);
    LoadOptions load = command_.load;
    load.log = [this](LogLevel, std::string_view message) { note(message); };
    load.prompt_filter = prompt_filter_;
    Result<Pipeline> pipeline = command_.model.empty() ? Pipeline::load(load) : Pipeline::load(command_.model, load);
    if (!pipeline.ok()) return complain(pipeline.status());
    if (command_.prompt != "-") return draw(*pipeline, {command_.prompt});

    LineReader lines(std::cin);
    Prompt prompt;
    while (lines.next_prompt(prompt.text)) {
      ++prompt.number;
      prompt.line = lines.line_number();
      if (const int code = draw(*pipeline, prompt); code != kDone) return code;
    }
    if (!lines.status().ok()) return complain(lines.status());
    if (prompt.number == 0) return complain(invalid("stdin held no prompt; expected one a line"));
    return kDone;
  }

 private:
  // Everything that can be found out before a model is loaded.
  Status prepare() {
    const std::string& output = command_.output;
    if (output == "-" && (command_.json || command_.count > 1))
      return invalid("-o - writes one PNG to stdout, which leaves no room for --json or --count");
    if (output == "-" && stdout_is_terminal())
      return invalid("-o - would write a PNG to the terminal; send stdout to a file or a program");
    if (command_.count < 1 || command_.count > 1'000'000)
      return invalid("--count must be 1 to 1000000, not " + std::to_string(command_.count));
    if (!command_.size.empty()) {
      const Result<Size> size = parse_size(command_.size);
      if (!size.ok()) return size.status();
      size_ = *size;
    }
    if (Status status = check_places(); !status.ok()) return status;
    if (!command_.image.empty()) {
      Result<Image> given = read_image(command_.image);
      if (!given.ok()) return given.status();
      given_ = std::move(*given);
    }
    Result<PromptFilter> filter = filter_by_file(command_.refused_words);
    if (!filter.ok()) return filter.status();
    prompt_filter_ = std::move(*filter);
    seed_ = seed_from(command_.seed);
    if (is_random(command_.seed)) note("a random seed: " + std::to_string(seed_));
    return {};
  }

  // Of the prompt that is known, and of the first that is to come. A file that is there may be one that must stay; of
  // those that are not, one says enough about their folder.
  Status check_places() const {
    const Prompt prompt = command_.prompt == "-" ? Prompt{.text = "", .number = 1} : Prompt{command_.prompt};
    if (command_.output.empty()) return check_picture_path(next_new_file(base_of(prompt), number_of(0)));
    if (command_.output == "-") return {};
    if (!to_path(command_.output).has_filename())
      return {StatusCode::kIoError, "cannot write " + command_.output + ": it names a folder"};
    for (int i = 0; i < command_.count; ++i) {
      const std::string path = named_file(prompt, i);
      std::error_code error;
      if (i > 0 && !std::filesystem::exists(to_path(path), error)) continue;
      if (Status status = check_picture_path(path); !status.ok()) return status;
    }
    return {};
  }

  int draw(Pipeline& pipeline, const Prompt& prompt) {
    for (int i = 0; i < command_.count; ++i) {
      if (interrupted()) return kInterrupted;
      const InterruptGuard guard;
      if (!command_.output.empty() && command_.output != "-") {
        if (const Status status = check_picture_path(named_file(prompt, i)); !status.ok()) return complain(status);
      }
      GenerateOptions generate;
      generate.seed = seed_ + static_cast<uint64_t>(i);
      generate.width = size_.width;
      generate.height = size_.height;
      generate.steps = command_.steps;
      generate.guidance = command_.guidance;
      generate.noise = command_.noise == "torch" ? Noise::kTorch : Noise::kPhilox;
      generate.negative_prompt = command_.negative_prompt;
      generate.sampler = command_.sampler;
      if (!given_.pixels.empty()) generate.image = given_.view();
      generate.strength = command_.strength;
      generate.progress = [this](Stage stage, int done, int total) {
        static constexpr const char* kNames[] = {"text", "UNet", "decoder", "encoder"};
        progress_.show(kNames[static_cast<int>(stage)], done, total);
        return !interrupted();
      };
      Result<Image> image = pipeline.generate(prompt.text, generate);
      progress_.clear();
      if (!image.ok()) {
        const std::string where = prompt.line > 0 ? "line " + std::to_string(prompt.line) + " of stdin: " : "";
        return complain({image.status().code(), where + image.status().message()});
      }
      const Result<std::string> path = save(*image, prompt, i);
      if (!path.ok()) return complain(path.status());
      tell(*image, *path, pipeline.load_seconds());
    }
    return kDone;
  }

  // Where it went.
  Result<std::string> save(const Image& image, const Prompt& prompt, int index) const {
    const SaveOptions options{.metadata = !command_.no_metadata};
    if (command_.output == "-") {
      if (const Status status = to_stdout(image, options); !status.ok()) return status;
      return command_.output;
    }
    const bool named = !command_.output.empty();
    Result<std::string> path = named ? named_file(prompt, index) : claim_new_file(base_of(prompt), number_of(index));
    if (!path.ok()) return path.status();
    if (const Status status = image.save(*path, options); !status.ok()) {
      std::error_code ignored;
      if (!named) std::filesystem::remove(to_path(*path), ignored);
      return status;
    }
    return path;
  }

  // A prompt's file, before pictures of one prompt are numbered.
  std::string base_of(const Prompt& prompt) const {
    const std::string file = command_.output.empty() ? name_after(prompt.text) + ".png" : command_.output;
    return prompt.number > 0 ? numbered(file, prompt.number) : file;
  }

  int number_of(int index) const { return command_.count > 1 ? index + 1 : 0; }

  std::string named_file(const Prompt& prompt, int index) const {
    const std::string base = base_of(prompt);
    return command_.count > 1 ? numbered(base, index + 1) : base;
  }

  void note(std::string_view message) {
    if (command_.quiet) return;
    progress_.clear();
    std::fprintf(stderr, "note: %.*s\n", static_cast<int>(message.size()), message.data());
  }

  void tell(const Image& image, const std::string& path, double load_seconds) const {
    if (command_.json) {
      std::cout << report(image, path, load_seconds).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                << std::endl;
    } else if (!command_.quiet) {
      std::fprintf(path == "-" ? stderr : stdout,
                   "%s  %dx%d  seed %llu  text %.3f s, UNet %.3f s, decoder %.3f s, in all %.3f s (load %.3f s)\n",
                   path == "-" ? "(stdout)" : path.c_str(), image.width, image.height,
                   static_cast<unsigned long long>(image.provenance.seed), image.timings.text, image.timings.unet,
                   image.timings.decoder, image.timings.total, load_seconds);
      std::fflush(stdout);
    }
  }

  const GenerateCommand& command_;
  Size size_;
  Image given_;  // to begin with
  PromptFilter prompt_filter_;
  uint64_t seed_ = 0;
  ProgressLine progress_;
};

}  // namespace

int draw_pictures(const GenerateCommand& command) { return Pictures(command).run(); }

}  // namespace mobilediffusion::cli
