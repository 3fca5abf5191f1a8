// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// mobilediffusion serve: a page that draws as one types, and calls for programs, on this machine.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/runtime/usable_cores.h"
#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/load_flags.h"
#include "src/cli/numbers.h"
#include "src/cli/platform.h"
#include "src/cli/refused_words.h"
#include "src/model/model_folder.h"
#include "src/net/http_server.h"
#include "src/net/listener.h"
#include "src/serve/access.h"
#include "src/serve/model_facts.h"
#include "src/serve/site.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

constexpr int kMostThreads = 8;  // of those that nobody asked for, as LoadOptions has it

struct ServeFlags {
  std::string model;
  std::string host = "127.0.0.1";
  int port = 8642;
  std::string token;
  std::vector<std::string> names;
  net::ServerLimits server;
  serve::Limits limits;
  int waiting = static_cast<int>(serve::Limits().waiting);
  std::string refused_words;
  int body_megabytes = static_cast<int>(net::ServerLimits().body_bytes >> 20);
  LoadOptions load;
};

// As it stands in an address and in a header.
constexpr std::string_view kTokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

Status check(const ServeFlags& options) {
  if (options.token.find_first_not_of(kTokenLetters) != std::string::npos)
    return {StatusCode::kInvalidArgument, "--token may have the letters A to Z and a to z, digits, and -._~ alone"};
  struct Range {
    const char* name;
    int value, least, most;
  };
  for (const Range& range :
       {Range{"--port", options.port, 0, 65535}, Range{"--clients", options.server.clients, 1, 10'000},
        Range{"--queue", options.waiting, 0, 10'000}, Range{"--body-limit", options.body_megabytes, 1, 1024},
        Range{"--largest", options.limits.side, 8, 32'768}, Range{"--most-steps", options.limits.steps, 1, 1000}}) {
    if (range.value < range.least || range.value > range.most)
      return {StatusCode::kInvalidArgument, std::string(range.name) + " must be " + std::to_string(range.least) +
                                                " to " + std::to_string(range.most) + ", not " +
                                                std::to_string(range.value)};
  }
  return {};
}

// "2 threads of AMD EPYC 9755, float32".
std::string device_of(const LoadOptions& load) {
  const int threads = load.threads > 0 ? load.threads : std::min(kernels::usable_cores(), kMostThreads);
  const std::string processor = processor_name();
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads") +
         (processor.empty() ? "" : " of " + processor) + ", " + std::string(to_string(load.precision));
}

bool is_every_address(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

// As a browser takes it: an address of version 6 in brackets, and this machine's own for every one.
std::string address_of(const std::string& host, int port) {
  const std::string name = is_every_address(host)                ? "127.0.0.1"
                           : host.find(':') != std::string::npos ? "[" + host + "]"
                                                                 : host;
  return "http://" + name + ":" + std::to_string(port) + "/";
}

int run_serve(ServeFlags options) {
  if (const Status status = check(options); !status.ok()) return complain(status);
  options.server.body_bytes = static_cast<size_t>(options.body_megabytes) << 20;
  options.limits.waiting = static_cast<size_t>(options.waiting);
  catch_interrupts();  // while a model is loaded it ends at once

  // The port first: it is what most often cannot be had.
  Result<net::Listener> listener = net::Listener::open(options.host, options.port);
  if (!listener.ok()) return complain(listener.status());
  if (options.token.empty() && !listener->is_loopback()) options.token = serve::make_token();

  const Result<std::string> model = options.model.empty() ? find_default_model() : options.model;
  if (!model.ok()) return complain(model.status());
  if (const Status status = choose_precision(*model, &options.load); !status.ok()) return complain(status);
  Result<nlohmann::ordered_json> facts = serve::model_facts(*model, options.load.vae);
  if (!facts.ok()) return complain(facts.status());
  bool loading = true;  // afterwards notes are about what somebody types
  options.load.log = [&loading](LogLevel, std::string_view message) {
    if (loading) std::fprintf(stderr, "note: %.*s\n", static_cast<int>(message.size()), message.data());
  };
  Result<PromptFilter> filter = filter_by_file(options.refused_words);
  if (!filter.ok()) return complain(filter.status());
  options.load.prompt_filter = std::move(*filter);
  Result<Pipeline> pipeline = Pipeline::load(*model, options.load);
  if (!pipeline.ok()) return complain(pipeline.status());
  loading = false;

  std::vector<std::string> names = options.names;
  names.push_back(options.host);
  serve::Site site(
      *pipeline, std::move(*facts),
      {.limits = options.limits, .names = std::move(names), .token = options.token, .device = device_of(options.load)});
  catch_termination();
  const InterruptGuard guard;
  const std::string token = options.token.empty() ? "" : "#token=" + options.token;
  std::printf("%s%s\n%s, %s. Ctrl-C ends it.\n", address_of(options.host, listener->port()).c_str(), token.c_str(),
              pipeline->model_name().c_str(), device_of(options.load).c_str());
  if (is_every_address(options.host)) std::printf("Other machines have this one's address in place of 127.0.0.1.\n");
  std::fflush(stdout);
  net::serve(*listener, {.limits = options.server, .headers = serve::security_headers()}, site,
             [] { return interrupted() || terminated(); });
  return interrupted() ? kInterrupted : kDone;
}

}  // namespace

Run add_serve(CLI::App& app) {
  auto options = std::make_shared<ServeFlags>();
  CLI::App* const command = app.add_subcommand("serve", "Draw in a browser as one types, and for programs by HTTP");
  command->add_option("-m,--model", options->model,
                      "A model folder or a packed model. Default: the model that comes with the program");
  command->add_option("--port", options->port, "0 takes a free one, and the first line of stdout says which")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command
      ->add_option("--host", options->host,
                   "The address to listen to. With one that other machines can reach, such as 0.0.0.0, everyone must "
                   "bring the token")
      ->capture_default_str();
  command->add_option("--token", options->token,
                      "What callers must bring as Authorization: Bearer TOKEN. Default: none on this machine alone; "
                      "else one is made and printed");
  command
      ->add_option("--allow-host", options->names,
                   "A further name that the server answers to, as browsers have it in their address; as often as "
                   "wanted. It always answers to localhost, to addresses in numbers and to --host")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--queue", options->waiting, "How many pictures may wait; a further one is told to come again")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command->add_option("--clients", options->server.clients, "How many connections there may be at once")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command->add_option("--body-limit", options->body_megabytes, "The largest request, in MiB")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command
      ->add_option("--largest", options->limits.side, "The longest side of a picture that may be asked for, in pixels")
      ->capture_default_str()
      ->transform(kWholeNumber);
  command->add_option("--most-steps", options->limits.steps, "The most steps that may be asked for")
      ->capture_default_str()
      ->transform(kWholeNumber);
  add_refused_words(*command, &options->refused_words);
  add_load_flags(*command, &options->load);
  command->footer(
      "Examples:\n"
      "  mobilediffusion serve\n"
      "  mobilediffusion serve --model sd-turbo --precision int8 --port 9000\n"
      "  mobilediffusion serve --host 0.0.0.0 --token \"$TOKEN\"\n"
      "  curl http://127.0.0.1:8642/v1/generate --json '{\"prompt\": \"two red boats\", \"format\": \"png\"}' -o "
      "boats.png\n\n"
      "GET /openapi.json has every call. Ctrl-C and SIGTERM end it within a second.");
  return [options] { return run_serve(*options); };
}

}  // namespace mobilediffusion::cli
