// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A file's bytes, mapped and not read: the system brings pages in as they are touched and may drop them again.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

class MappedFile {
 public:
  // Errors: kNotFound, kIoError (also for a folder), and kInvalidModel for an empty file, which no format of ours is.
  static Result<MappedFile> open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept { *this = std::move(other); }
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Says that these bytes are not needed again soon, so that they stop counting as this process's memory.
  void drop(const void* begin, size_t size) const;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace mobilediffusion
