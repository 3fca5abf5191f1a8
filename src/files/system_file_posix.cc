// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if !defined(_WIN32)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "src/files/system_file.h"

namespace mobilediffusion {
namespace {

int64_t nanoseconds(const struct timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

}  // namespace

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

InputFile InputFile::open(const std::filesystem::path& path, std::error_code& error) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  error = descriptor < 0 ? error_of_errno() : std::error_code();
  return InputFile(descriptor);
}

InputFile InputFile::duplicate(int descriptor, std::error_code& error) {
  const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  error = own < 0 ? error_of_errno() : std::error_code();
  return InputFile(own);
}

FileKind InputFile::examine(FileIdentity& identity, std::error_code& error) const {
  struct stat info;
  if (::fstat(descriptor_, &info) != 0) {
    error = error_of_errno();
    return FileKind::kOther;
  }
  error.clear();
  identity.device = static_cast<uint64_t>(info.st_dev);
  identity.file = static_cast<uint64_t>(info.st_ino);
  identity.size = static_cast<uint64_t>(info.st_size);
#if defined(__APPLE__)
  identity.modified = nanoseconds(info.st_mtimespec);
  identity.changed = nanoseconds(info.st_ctimespec);
#else
  identity.modified = nanoseconds(info.st_mtim);
  identity.changed = nanoseconds(info.st_ctim);
#endif
  return S_ISREG(info.st_mode) ? FileKind::kRegular : S_ISDIR(info.st_mode) ? FileKind::kFolder : FileKind::kOther;
}

FileMapping InputFile::map(uint64_t offset, size_t size, std::error_code& error) const {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto before = static_cast<size_t>(offset % page);
  FileMapping mapping{.size = size, .page_bytes = size + before};
  void* const pages =
      ::mmap(nullptr, mapping.page_bytes, PROT_READ, MAP_PRIVATE, descriptor_, static_cast<off_t>(offset - before));
  if (pages == MAP_FAILED) {
    error = error_of_errno();
    return {};
  }
  error.clear();
  mapping.pages = pages;
  mapping.data = static_cast<const std::byte*>(pages) + before;
  return mapping;
}

void unmap(const FileMapping& mapping) {
  if (mapping.pages != nullptr) ::munmap(mapping.pages, mapping.page_bytes);
}

void discard_pages(const void* begin, size_t size) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto from = (reinterpret_cast<uintptr_t>(begin) + page - 1) / page * page;
  const auto to = (reinterpret_cast<uintptr_t>(begin) + size) / page * page;
  if (from < to) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

std::FILE* open_stdio(const std::filesystem::path& path, const char* mode) {
  return std::fopen(path.c_str(), (std::string(mode) + "e").c_str());  // e: close on exec
}

bool flush_to_disk(std::FILE* file) {
  if (std::fflush(file) != 0) return false;
  // A file system that cannot sync (EINVAL, ENOSYS) is no reason to throw a picture away; a failing disk is.
  return ::fsync(::fileno(file)) == 0 || errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
}

void replace_file(const std::filesystem::path& from, const std::filesystem::path& to, std::error_code& error) {
  std::filesystem::rename(from, to, error);
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)::fsync(descriptor);
  (void)::close(descriptor);
}

bool may_replace(const std::filesystem::path& target) { return ::access(target.c_str(), W_OK) == 0; }

}  // namespace mobilediffusion
#endif
