// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Files that appear whole or not at all: everything that the library writes goes through here.
//
//   Result<AtomicFile> file = AtomicFile::open(path);
//   if (!file.ok()) return file.status();
//   if (Status s = file->write(bytes); !s.ok()) return s;   // as often as there is something to write
//   return file->commit();
//
// Every failure is kNotFound (the folder is missing) or kIoError, and its message names the path and the system's
// reason. Paths are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

// Writes to a file beside the target and puts it in the target's place with commit(). Destroyed before that, it removes
// what it wrote and leaves the target as it was. A target that is there and no regular file (/dev/stdout, /dev/full, a
// pipe) cannot be replaced: it is written to directly. A new file's mode is 0644 as far as the umask allows; a replaced
// file's mode stays.
//
// One object is for one thread at a time. open() and write() may throw std::bad_alloc, nothing else.
class AtomicFile {
 public:
  static Result<AtomicFile> open(const std::string& path);

  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile();

  // Appends. After a failure only destruction is of use.
  Status write(std::span<const uint8_t> bytes);
  Status write(const void* data, size_t size) { return write({static_cast<const uint8_t*>(data), size}); }

  // Whoever may read the file may run it, too. Nothing where files have no modes, or the target is written to directly.
  Status make_executable();

  // As it was opened, for messages.
  const std::string& name() const;

  // Flushes to the disk and renames; once. Nothing can be written after it.
  Status commit();

 private:
  struct Impl;
  explicit AtomicFile(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether a file of that name is one that AtomicFile has not finished: somebody's work, or what a crash left behind.
bool names_unfinished_file(std::string_view leaf);

// The three steps in one.
Status write_file_atomically(const std::string& path, std::span<const uint8_t> bytes);

// The whole of a file to another place, whatever it holds.
Status copy_file(const std::string& from, const std::string& to);

// The whole of a file into memory; kInvalidArgument when it holds more than `max_bytes`.
Result<std::vector<uint8_t>> read_file(const std::string& path, size_t max_bytes);

}  // namespace mobilediffusion
