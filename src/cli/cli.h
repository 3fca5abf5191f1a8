// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What the commands of the program share. Each command is one file: it adds its options to the parser and returns what
// to run when it was asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

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
Run add_pack(CLI::App& app);
Run add_serve(CLI::App& app);
Run add_page(CLI::App& app);

// Says what went wrong on stderr; the exit code for it.
int complain(const Status& status);

}  // namespace mobilediffusion::cli
