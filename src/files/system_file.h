// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What operating systems do differently about files, behind names that all of them can have: system_file_posix.cc and
// system_file_windows.cc. Only mapped_file.cc and file_io.cc call these.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace mobilediffusion {

inline std::error_code error_of_errno() { return {errno, std::generic_category()}; }

// Tells whether a file is the one that it was when it was last seen, without reading it.
struct FileIdentity {
  uint64_t device = 0;
  uint64_t file = 0;  // its number on the device
  uint64_t size = 0;
  uint64_t begin = 0;    // where in it the bytes lie that are meant
  int64_t modified = 0;  // nanoseconds from 1970 to the content's last change, which anybody can set
  int64_t changed = 0;   // to the last change of content or of any property, which nobody can

  bool operator==(const FileIdentity&) const = default;
};

enum class FileKind { kRegular, kFolder, kOther };

// Part of a file in memory, and the whole pages around it.
struct FileMapping {
  const std::byte* data = nullptr;
  size_t size = 0;
  void* pages = nullptr;
  size_t page_bytes = 0;
};

// A file open to be read, closed when it goes.
class InputFile {
 public:
  InputFile() = default;
  InputFile(InputFile&& other) noexcept { *this = static_cast<InputFile&&>(other); }
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  // Never waits, as opening a pipe does.
  static InputFile open(const std::filesystem::path& path, std::error_code& error);
  // Of a descriptor that stays the caller's.
  static InputFile duplicate(int descriptor, std::error_code& error);

  FileKind examine(FileIdentity& identity, std::error_code& error) const;
  // The range must lie within the file, and hold at least one byte.
  FileMapping map(uint64_t offset, size_t size, std::error_code& error) const;
  int descriptor() const { return descriptor_; }

 private:
  explicit InputFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

void unmap(const FileMapping& mapping);

// The whole pages among these bytes of a mapping stop counting as this process's memory until they are touched again.
void discard_pages(const void* begin, size_t size);

// As std::fopen() with a path of any script; what programs are started meanwhile do not inherit it.
std::FILE* open_stdio(const std::filesystem::path& path, const char* mode);

// To the disk itself. False, with errno, where that failed.
bool flush_to_disk(std::FILE* file);

// Puts `from` in the place of `to`, a file in the same folder or nothing. Who has the old one open or mapped keeps it.
void replace_file(const std::filesystem::path& from, const std::filesystem::path& to, std::error_code& error);

// Makes a rename within the folder survive a crash. Best effort: the file is whole either way.
void sync_folder(const std::filesystem::path& folder);

// Replacing a file asks for a writable folder only; one that its owner made read-only should stay all the same.
bool may_replace(const std::filesystem::path& target);

}  // namespace mobilediffusion
