// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the commands of the program share. Each command is one file: it adds its options to the parser and returns what
// to run when it was asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// Exit codes: the work was done; it failed; the command line was wrong; the user pressed Ctrl-C.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kInterrupted = 130;

// Pictures that no clock counts: the first finds out how much memory a picture takes, the second is the first to touch
// it.
inline constexpr int kWarmUps = 2;

// Runs a command and returns the exit code.
using Run = std::function<int()>;

Run add_generate(CLI::App& app);
Run add_info(CLI::App& app);
Run add_bench(CLI::App& app);
Run add_synthesize(CLI::App& app);
Run add_verify(CLI::App& app);
Run add_tokenize(CLI::App& app);
Run add_words(CLI::App& app);
Run add_quantize(CLI::App& app);

// Says what went wrong on stderr; the exit code for it.
int complain(const Status& status);

// "512x384" to its two numbers. An error where the text is no size.
struct Size {
  int width = 0;
  int height = 0;
};
Result<Size> parse_size(const std::string& text);

// For options that are a seed: CLI11 would let "-1" and what is too large wrap around.
extern const CLI::Validator kSeed;

// Set by Ctrl-C, once catch_interrupts() was called.
void catch_interrupts();
bool interrupted();

// A line on a terminal that is written over as the work goes on; nothing where stderr is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted);
  ~ProgressLine() { clear(); }

  void show(const std::string& label, int done, int total);
  void clear();

 private:
  bool enabled_;
  bool shown_ = false;
};

// The middle of some values, at least one.
double median(std::vector<double> values);

// 1234567 as "1.23 M", for people.
std::string with_unit(double value);

}  // namespace mobilediffusion::cli
