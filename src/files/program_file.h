// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A program with a packed model behind it, in one file:
//
//   the program's own bytes, and zeros up to a multiple of 64
//   the packed model (packed_model.h)
//   where in the file the model begins, 8 bytes, the lowest first
//   "MDIFFEND"
//
// Linux and Windows load a program by what its head announces, and leave alone what lies behind. `strip` drops it, and
// a signature of Windows that is made afterwards stands where the mark was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mobilediffusion/status.h"
#include "src/files/file_io.h"

namespace mobilediffusion {

struct FileRange {
  uint64_t begin = 0, size = 0;
};

// Whether a file ends as a program with a model does.
bool ends_with_model(std::span<const std::byte> file);

// Where in such a file the model lies. Errors: kInvalidModel where that is nowhere in it.
Result<FileRange> range_of_model(std::span<const std::byte> file, const std::string& name);

// Begins a file with a program, without the model that it may have already; the model's place comes back. Errors: as
// MappedFile's and AtomicFile's, kInvalidArgument (no program), kUnsupported (one of macOS, whose signature breaks).
Result<uint64_t> write_program(AtomicFile& file, const std::string& program);

// Ends it. Whoever may read the file may run it then.
Status end_program(AtomicFile& file, uint64_t model_begins);

}  // namespace mobilediffusion
