// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A file's bytes, not read but mapped: the system brings pages in as they are touched and may drop them again. The file
// is one on disk, a part of an open one, or bytes that the caller has in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "mobilediffusion/status.h"
#include "src/files/system_file.h"

namespace mobilediffusion {

class MappedFile {
 public:
  // Errors: kNotFound, kIoError (also for a folder), and kInvalidModel for an empty file, which no format of ours
  // is, and for what downloads leave in a file's place (impostor.h).
  static Result<MappedFile> open(const std::string& path);

  // The file by itself, so that parts of it can be mapped. Errors: kNotFound, kIoError, kOutOfMemory.
  static Result<InputFile> open_input(const std::string& path);

  // `size` bytes of an open file from `offset` on, or all that follow. `name` is for messages.
  static constexpr uint64_t kToTheEnd = UINT64_MAX;
  static Result<MappedFile> open(const InputFile& file, uint64_t offset, uint64_t size, const std::string& name);

  // Bytes that are in memory, and stay there for longer than this.
  static Result<MappedFile> borrow(std::span<const std::byte> bytes, const std::string& name);

  MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile() { unmap(mapping_); }

  std::span<const std::byte> bytes() const { return {mapping_.data, mapping_.size}; }

  // Which file it is, and which state of it; nothing of bytes in memory.
  const std::optional<FileIdentity>& identity() const { return identity_; }

  // Says that these bytes are not needed again soon, so that they stop counting as this process's memory.
  void drop(const void* begin, size_t size) const;

 private:
  MappedFile(const FileMapping& mapping, const std::optional<FileIdentity>& identity)
      : mapping_(mapping), identity_(identity) {}

  FileMapping mapping_;
  std::optional<FileIdentity> identity_;
};

}  // namespace mobilediffusion
