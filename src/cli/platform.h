// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What operating systems do differently for a program at a terminal, behind names that all of them can have:
// platform_posix.cc and platform_windows.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// To be called first: a closed pipe and a file past the allowed size become failed writes, which say so, and texts to
// and from a terminal are UTF-8.
void prepare_streams();

// The command line behind the program's name, as UTF-8.
std::vector<std::string> arguments_in_utf8(int argc, char** argv);

bool stdout_is_terminal();
bool stderr_is_terminal();

// Columns of the terminal behind stderr; 80 where it does not say.
int terminal_columns();

// So that bytes are written as they are.
void make_stdout_binary();

// The largest resident size that this process has had, in bytes.
int64_t peak_memory();

int64_t process_id();

// The processor's name, as its maker has it; empty where the system does not say.
std::string processor_name();

// Where this user's programs keep what they can make again; empty where nothing says so.
std::string user_cache_folder();

// Makes an empty file. False where something of that name is there already. Errors: kNotFound, kIoError.
Result<bool> make_new_file(const std::string& path);

// From now on Ctrl-C ends the program at once, with the exit code 130; while an InterruptGuard lives it only makes
// interrupted() true, so that work can be left in order.
void catch_interrupts();
bool interrupted();

// From now on a request to end (SIGTERM, where a system has it) makes terminated() true.
void catch_termination();
bool terminated();

class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

}  // namespace mobilediffusion::cli
