// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/platform.h"

namespace cli = mobilediffusion::cli;

namespace {

// What is given back when memory is short: the destructors that then run may want some (nlohmann-json's takes a list of
// a value's parts apart in a new one), and would end the program where there is none.
constexpr size_t kReserve = size_t{1} << 20;
void* reserve = nullptr;

void give_back_reserve() {
  std::free(reserve);
  reserve = nullptr;
  throw std::bad_alloc();
}

// A full disk or a closed pipe behind stdout is a failure too.
int flushed(int code) {
  std::cout.flush();
  if (code != cli::kDone || (std::cout && std::fflush(stdout) == 0 && std::ferror(stdout) == 0)) return code;
  return cli::complain({mobilediffusion::StatusCode::kIoError, "stdout could not be written"});
}

// A prompt that begins with a dash was read as an option.
void explain_dashes(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  const auto words = std::find_if(arguments.begin(), end, [](const std::string& argument) {
    return argument.size() > 1 && argument[0] == '-' && argument.find(' ') < argument.find('=');
  });
  if (words == end) return;
  std::fprintf(stderr,
               "\"%s\" begins with a dash and was read as an option; a prompt that does goes last, behind --:\n"
               "  mobilediffusion generate [OPTIONS] -- \"%s\"\n",
               words->c_str(), words->c_str());
}

int run(const std::vector<std::string>& arguments) {
  CLI::App app{"Pictures from words, on this machine, in one step.", "mobilediffusion"};
  app.footer(
      "Examples:\n"
      "  mobilediffusion generate \"two red boats at sunset\" -o boats.png\n"
      "  mobilediffusion generate \"a blue house at night\" --seed 7 --count 4\n"
      "  printf 'a red car\\na green tree\\n' | mobilediffusion generate - --json\n"
      "  mobilediffusion info boats.png\n"
      "  mobilediffusion serve\n\n"
      "`mobilediffusion COMMAND --help` has more. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.");
  app.set_version_flag("--version", std::string(mobilediffusion::version()) + " (XNNPACK " +
                                        std::string(mobilediffusion::xnnpack_version()) + ")");
  app.require_subcommand(1);
  app.allow_windows_style_options(false);  // a path that begins with a slash is one

  std::vector<std::pair<CLI::App*, cli::Run>> commands;
  for (const auto add :
       {cli::add_generate, cli::add_info, cli::add_bench, cli::add_synthesize, cli::add_quantize, cli::add_pack,
        cli::add_verify, cli::add_tokenize, cli::add_words, cli::add_serve, cli::add_page}) {
    cli::Run run = add(app);
    commands.emplace_back(app.get_subcommands([](CLI::App*) { return true; }).back(), std::move(run));
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // which takes them from the end
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) == 0) return cli::kDone;
    explain_dashes(arguments);
    return cli::kUsage;
  }
  for (const auto& [command, run] : commands) {
    if (command->parsed()) return flushed(run());
  }
  return cli::kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  cli::prepare_streams();
  reserve = std::malloc(kReserve);
  std::set_new_handler(give_back_reserve);
  try {
    return run(cli::arguments_in_utf8(argc, argv));
  } catch (const std::bad_alloc&) {
    return cli::complain({mobilediffusion::StatusCode::kOutOfMemory, "out of memory"});
  } catch (const std::exception& error) {
    return cli::complain({mobilediffusion::StatusCode::kInternal, std::string("unexpected: ") + error.what()});
  }
}
