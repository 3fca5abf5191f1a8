// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if !defined(_WIN32)

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

#include <cerrno>
#include <csignal>
#include <fstream>
#include <system_error>

#include "src/cli/cli.h"
#include "src/cli/platform.h"
#include "src/files/environment.h"

namespace mobilediffusion::cli {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;
volatile std::sig_atomic_t termination_seen = 0;
volatile std::sig_atomic_t guards = 0;

extern "C" void on_termination(int) { termination_seen = 1; }

extern "C" void on_interrupt(int) {
  interrupt_seen = 1;
  if (guards == 0) ::_exit(kInterrupted);
}

}  // namespace

void prepare_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::vector<std::string> arguments_in_utf8(int argc, char** argv) { return {argv + (argc > 0 ? 1 : 0), argv + argc}; }

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) != 0; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) != 0; }

int terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void make_stdout_binary() {}

int64_t peak_memory() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
  return usage.ru_maxrss;
#else
  return int64_t{usage.ru_maxrss} * 1024;
#endif
}

int64_t process_id() { return ::getpid(); }

std::string processor_name() {
#if defined(__APPLE__)
  char name[256];
  size_t size = sizeof name;
  return ::sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0 ? name : "";
#else
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name") && line.find(": ") != std::string::npos) return line.substr(line.find(": ") + 2);
  }
  return {};
#endif
}

std::string user_cache_folder() {
  const std::string home = environment_variable("HOME");
#if defined(__APPLE__)
  return home.empty() ? "" : home + "/Library/Caches";
#else
  // The XDG Base Directory Specification, by which a relative path does not count.
  const std::string cache = environment_variable("XDG_CACHE_HOME");
  if (!cache.empty() && cache.front() == '/') return cache;
  return home.empty() ? "" : home + "/.cache";
#endif
}

Result<bool> make_new_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor >= 0) {
    ::close(descriptor);
    return true;
  }
  if (errno == EEXIST) return false;
  return Status(errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError,
                "cannot write " + path + ": " + std::generic_category().message(errno));
}

void catch_termination() { std::signal(SIGTERM, on_termination); }
bool terminated() { return termination_seen != 0; }

void catch_interrupts() { std::signal(SIGINT, on_interrupt); }
bool interrupted() { return interrupt_seen != 0; }

InterruptGuard::InterruptGuard() { guards = guards + 1; }
InterruptGuard::~InterruptGuard() { guards = guards - 1; }

}  // namespace mobilediffusion::cli

#endif
