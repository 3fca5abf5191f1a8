// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The program at a console of Windows, which is what terminal_test.py looks at elsewhere: progress, and Ctrl-C.
// Pseudo consoles came with Windows 10 of October 2018.
#undef _WIN32_WINNT
#undef NTDDI_VERSION
#define _WIN32_WINNT 0x0A00
#define NTDDI_VERSION 0x0A000006
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
// behind windows.h
#include <gtest/gtest.h>

#include <cctype>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/temporary_folder.h"

namespace mobilediffusion {
namespace {

constexpr char kInside[] = "--inside-console";
constexpr DWORD kPatience = 120'000;  // milliseconds

HANDLE to_console(const wchar_t* name) {
  SECURITY_ATTRIBUTES inherited{sizeof inherited, nullptr, TRUE};
  return ::CreateFileW(name, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited,
                       OPEN_EXISTING, 0, nullptr);
}

DWORD exit_code_of(HANDLE process) {
  DWORD code = 0;
  if (::WaitForSingleObject(process, kPatience) != WAIT_OBJECT_0) ::TerminateProcess(process, 99);
  ::GetExitCodeProcess(process, &code);
  return code;
}

// Runs inside the console: starts the command, has Ctrl-C pressed there once the event is set, ends with its code.
int run_inside(const char* event_name, std::string command) {
  const HANDLE pressed = ::CreateEventA(nullptr, TRUE, FALSE, event_name);
  STARTUPINFOA start{};
  start.cb = sizeof start;
  start.dwFlags = STARTF_USESTDHANDLES;
  start.hStdInput = to_console(L"CONIN$");
  start.hStdOutput = to_console(L"NUL");
  start.hStdError = to_console(L"CONOUT$");
  PROCESS_INFORMATION started{};
  if (!::CreateProcessA(nullptr, command.data(), nullptr, nullptr, TRUE, 0, nullptr, nullptr, &start, &started))
    return 98;
  const HANDLE either[] = {started.hProcess, pressed};
  if (::WaitForMultipleObjects(2, either, FALSE, kPatience) == WAIT_OBJECT_0 + 1) {
    ::SetConsoleCtrlHandler(nullptr, TRUE);  // for the command, not for us
    ::GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
  }
  return static_cast<int>(exit_code_of(started.hProcess));
}

std::string own_path() {
  char path[MAX_PATH] = {};
  ::GetModuleFileNameA(nullptr, path, sizeof path);
  return path;
}

struct Shown {
  DWORD code = 0;
  std::string text;
};

// Without the sequences by which the console says where it writes.
std::string letters_of(const std::string& screen) {
  std::string letters;
  for (size_t i = 0; i < screen.size(); ++i) {
    if (screen[i] == '\x1b') {
      while (++i < screen.size() && std::isalpha(static_cast<unsigned char>(screen[i])) == 0) continue;
    } else {
      letters += screen[i];
    }
  }
  return letters;
}

// Runs the program with these arguments at a console of so many columns; once it shows `until`, Ctrl-C is pressed.
Shown on_console(int columns, const std::string& arguments, const std::string& until = {}) {
  HANDLE keys = nullptr, typed = nullptr, screen = nullptr, written = nullptr;
  HPCON console = nullptr;
  if (!::CreatePipe(&keys, &typed, nullptr, 0) || !::CreatePipe(&screen, &written, nullptr, 0)) return {97, {}};
  const COORD size{static_cast<SHORT>(columns), 24};
  if (FAILED(::CreatePseudoConsole(size, keys, written, 0, &console))) return {96, {}};
  ::CloseHandle(keys);
  ::CloseHandle(written);

  static int consoles = 0;
  const std::string event_name =
      "mobilediffusion-" + std::to_string(::GetCurrentProcessId()) + "-" + std::to_string(++consoles);
  const HANDLE press = ::CreateEventA(nullptr, TRUE, FALSE, event_name.c_str());

  STARTUPINFOEXA start{};
  start.StartupInfo.cb = sizeof start;
  SIZE_T bytes = 0;
  ::InitializeProcThreadAttributeList(nullptr, 1, 0, &bytes);
  std::vector<std::byte> list(bytes);
  start.lpAttributeList = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(list.data());
  ::InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &bytes);
  ::UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_PSEUDOCONSOLE, console, sizeof console,
                              nullptr, nullptr);
  std::string command =
      "\"" + own_path() + "\" " + kInside + " " + event_name + " \"" MOBILEDIFFUSION_PROGRAM "\" " + arguments;
  PROCESS_INFORMATION started{};
  if (!::CreateProcessA(nullptr, command.data(), nullptr, nullptr, FALSE, EXTENDED_STARTUPINFO_PRESENT, nullptr,
                        nullptr, &start.StartupInfo, &started))
    return {95, {}};

  Shown shown;
  std::string raw;
  std::thread reader([&] {
    char piece[4096];
    DWORD size = 0;
    while (::ReadFile(screen, piece, sizeof piece, &size, nullptr) != 0 && size > 0) {
      raw.append(piece, size);
      if (!until.empty() && letters_of(raw).find(until) != std::string::npos) ::SetEvent(press);
    }
  });
  shown.code = exit_code_of(started.hProcess);
  ::ClosePseudoConsole(console);  // which ends what is read
  reader.join();
  shown.text = letters_of(raw);
  for (const HANDLE handle : {typed, screen, press, started.hProcess, started.hThread}) ::CloseHandle(handle);
  return shown;
}

class ConsoleTest : public testing::Test {
 protected:
  std::string generate(const std::string& steps) const {
    return "generate \"a red boat\" " + model_ + " --steps " + steps + " -o \"" + folder_.path("boat.png") + "\"";
  }

  const std::string model_ = "--model \"" MOBILEDIFFUSION_DEFAULT_MODEL_DIR "\" --cache none --threads 1";
  const TemporaryFolder folder_;
};

TEST_F(ConsoleTest, ProgressIsOneLine) {
  for (const int columns : {20, 80}) {
    const Shown shown = on_console(columns, generate("5"));
    EXPECT_EQ(shown.code, 0u);
    EXPECT_NE(shown.text.find("UNet"), std::string::npos) << shown.text;
    EXPECT_EQ(shown.text.find('\n'), std::string::npos) << shown.text;
    EXPECT_TRUE(std::filesystem::exists(folder_.path("boat.png")));
  }
}

TEST_F(ConsoleTest, QuietIsQuiet) {
  const Shown shown = on_console(80, generate("5") + " --quiet");
  EXPECT_EQ(shown.code, 0u);
  EXPECT_EQ(shown.text.find("UNet"), std::string::npos) << shown.text;
}

TEST_F(ConsoleTest, CtrlCEndsItWithNothingHalfWritten) {
  const Shown shown = on_console(80, generate("1000"), "UNet");
  EXPECT_EQ(shown.code, 130u) << shown.text;
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

// Where no InterruptGuard lives: it waits for a prompt that nobody types.
TEST_F(ConsoleTest, CtrlCEndsItWhileItWaitsForAPrompt) {
  const Shown shown = on_console(80, "generate - --seed random " + model_, "seed:");
  EXPECT_EQ(shown.code, 130u) << shown.text;
}

}  // namespace
}  // namespace mobilediffusion

int main(int argc, char** argv) {
  if (argc > 3 && std::strcmp(argv[1], mobilediffusion::kInside) == 0) {
    const std::string all = ::GetCommandLineA();
    return mobilediffusion::run_inside(argv[2], all.substr(all.find(argv[2]) + std::strlen(argv[2]) + 1));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
