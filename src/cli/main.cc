// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"

namespace cli = mobilediffusion::cli;

namespace {

// A full disk or a closed pipe behind stdout is a failure too.
int flushed(int code) {
  std::cout.flush();
  if (code != cli::kDone || (std::cout && std::fflush(stdout) == 0 && std::ferror(stdout) == 0)) return code;
  return cli::complain({mobilediffusion::StatusCode::kIoError, "stdout could not be written"});
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, and says so
  CLI::App app{"Pictures from words, on this machine, in one step.", "mobilediffusion"};
  app.footer(
      "Examples:\n"
      "  mobilediffusion generate \"two red boats at sunset\" -o boats.png\n"
      "  mobilediffusion generate \"a blue house at night\" --seed 7 --count 4\n"
      "  printf 'a red car\\na green tree\\n' | mobilediffusion generate - --json\n"
      "  mobilediffusion info boats.png\n\n"
      "`mobilediffusion COMMAND --help` has more. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.");
  app.set_version_flag("--version", std::string(mobilediffusion::version()) + " (XNNPACK " +
                                        std::string(mobilediffusion::xnnpack_version()) + ")");
  app.require_subcommand(1);

  std::vector<std::pair<CLI::App*, cli::Run>> commands;
  for (const auto add : {cli::add_generate, cli::add_info, cli::add_bench, cli::add_synthesize, cli::add_quantize,
                         cli::add_verify, cli::add_tokenize, cli::add_words}) {
    cli::Run run = add(app);
    commands.emplace_back(app.get_subcommands([](CLI::App*) { return true; }).back(), std::move(run));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? cli::kDone : cli::kUsage;
  }
  try {
    for (const auto& [command, run] : commands) {
      if (command->parsed()) return flushed(run());
    }
  } catch (const std::bad_alloc&) {
    return cli::complain({mobilediffusion::StatusCode::kOutOfMemory, "out of memory"});
  } catch (const std::exception& error) {
    return cli::complain({mobilediffusion::StatusCode::kInternal, std::string("unexpected: ") + error.what()});
  }
  return cli::kUsage;
}
