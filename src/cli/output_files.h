// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where pictures go, and whether they can.
#pragma once

#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// A file's name without an ending, after a prompt: its words in every script, "Two red boats!" to "two-red-boats", as
// any system takes it. "picture" where the prompt has no words.
std::string name_after(const std::string& prompt);

// "boats.png" to "boats-2.png".
std::string numbered(const std::string& path, int number);

// Whether a file can be written there, found out by beginning to; nothing is left behind and what is there stays. A
// picture's ending must be of a format that we write. Errors: kInvalidArgument, kNotFound, kIoError.
Status check_writable(const std::string& path);
Status check_picture_path(const std::string& path);

// Where a picture goes whose file nobody named: `path`, or with a number above 0 `path` with that number; where that is
// there already, with the next number that is free. claim_new_file() makes it, empty, so that programs that run at once
// do not overwrite each other's either.
std::string next_new_file(const std::string& path, int number);
Result<std::string> claim_new_file(const std::string& path, int number);

}  // namespace mobilediffusion::cli
