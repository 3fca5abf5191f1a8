// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if defined(_WIN32)

#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
// behind windows.h
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <psapi.h>
#include <shellapi.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "src/cli/cli.h"
#include "src/cli/platform.h"
#include "src/files/environment.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion::cli {
namespace {

std::atomic<bool> interrupt_seen = false;
std::atomic<int> guards = 0;

// Runs on a thread that the system makes for it.
BOOL WINAPI on_control_event(DWORD event) {
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) return FALSE;
  interrupt_seen = true;
  if (guards == 0) ::_exit(kInterrupted);
  return TRUE;
}

std::string to_utf8(const wchar_t* text) {
  const int size = ::WideCharToMultiByte(CP_UTF8, 0, text, -1, nullptr, 0, nullptr, nullptr);
  if (size <= 1) return {};
  std::string utf8(static_cast<size_t>(size), '\0');
  ::WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8.data(), size, nullptr, nullptr);
  utf8.pop_back();  // the terminating NUL
  return utf8;
}

// _isatty() says so of NUL and of printers as well.
bool is_console(DWORD stream) {
  DWORD mode = 0;
  return ::GetConsoleMode(::GetStdHandle(stream), &mode) != 0;
}

}  // namespace

void prepare_streams() {
  ::SetConsoleCP(CP_UTF8);
  ::SetConsoleOutputCP(CP_UTF8);
}

// argv is in the system's code page, which has not all letters.
std::vector<std::string> arguments_in_utf8(int argc, char** argv) {
  int count = 0;
  wchar_t** const wide = ::CommandLineToArgvW(::GetCommandLineW(), &count);
  if (wide == nullptr) return {argv + (argc > 0 ? 1 : 0), argv + argc};
  std::vector<std::string> arguments;
  for (int i = 1; i < count; ++i) arguments.push_back(to_utf8(wide[i]));
  ::LocalFree(wide);
  return arguments;
}

bool stdout_is_terminal() { return is_console(STD_OUTPUT_HANDLE); }
bool stderr_is_terminal() { return is_console(STD_ERROR_HANDLE); }

int terminal_columns() {
  CONSOLE_SCREEN_BUFFER_INFO info;
  if (::GetConsoleScreenBufferInfo(::GetStdHandle(STD_ERROR_HANDLE), &info) == 0) return 80;
  return info.srWindow.Right - info.srWindow.Left + 1;
}

void make_stdout_binary() { ::_setmode(::_fileno(stdout), _O_BINARY); }

int64_t peak_memory() {
  PROCESS_MEMORY_COUNTERS counters;
  if (::K32GetProcessMemoryInfo(::GetCurrentProcess(), &counters, sizeof counters) == 0) return 0;
  return static_cast<int64_t>(counters.PeakWorkingSetSize);
}

int64_t process_id() { return ::_getpid(); }

std::string processor_name() { return environment_variable("PROCESSOR_IDENTIFIER"); }

std::string user_cache_folder() { return environment_variable("LOCALAPPDATA"); }

Result<bool> make_new_file(const std::string& path) {
  const int descriptor =
      ::_wopen(to_path(path).c_str(), _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT, _S_IREAD | _S_IWRITE);
  if (descriptor >= 0) {
    ::_close(descriptor);
    return true;
  }
  if (errno == EEXIST) return false;
  return Status(errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError,
                "cannot write " + path + ": " + std::generic_category().message(errno));
}

void catch_termination() {}
bool terminated() { return false; }

void catch_interrupts() { ::SetConsoleCtrlHandler(on_control_event, TRUE); }
bool interrupted() { return interrupt_seen; }

InterruptGuard::InterruptGuard() { ++guards; }
InterruptGuard::~InterruptGuard() { --guards; }

}  // namespace mobilediffusion::cli

#endif
