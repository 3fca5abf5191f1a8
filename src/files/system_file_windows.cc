// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
// after windows.h
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "src/files/system_file.h"

namespace mobilediffusion {
namespace {

// The system's error by its meaning in errno's numbers, which callers compare with.
std::error_code last_error() {
  const std::error_code error(static_cast<int>(::GetLastError()), std::system_category());
  const std::error_condition meaning = error.default_error_condition();
  if (meaning.category() != std::generic_category()) return std::make_error_code(std::errc::io_error);
  return {meaning.value(), std::generic_category()};
}

HANDLE handle_of(int descriptor) { return reinterpret_cast<HANDLE>(::_get_osfhandle(descriptor)); }

// Windows counts 100 ns from 1601, of which nanoseconds would leave 64 bits: of the rest of the world's, from 1970.
int64_t nanoseconds(const LARGE_INTEGER& time) {
  constexpr int64_t kFrom1601To1970 = 116'444'736'000'000'000;
  return (time.QuadPart - kFrom1601To1970) * 100;
}

}  // namespace

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::_close(descriptor_);
}

InputFile InputFile::open(const std::filesystem::path& path, std::error_code& error) {
  // Others may replace or remove the file meanwhile, as they may elsewhere.
  const HANDLE handle =
      ::CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);  // which lets a folder be opened and named
  if (handle == INVALID_HANDLE_VALUE) {
    error = last_error();
    return {};
  }
  const int descriptor = ::_open_osfhandle(reinterpret_cast<intptr_t>(handle), _O_RDONLY | _O_BINARY | _O_NOINHERIT);
  if (descriptor < 0) {
    error = error_of_errno();
    ::CloseHandle(handle);
    return {};
  }
  error.clear();
  return InputFile(descriptor);
}

InputFile InputFile::duplicate(int descriptor, std::error_code& error) {
  const int own = ::_dup(descriptor);
  error = own < 0 ? error_of_errno() : std::error_code();
  return InputFile(own);
}

FileKind InputFile::examine(FileIdentity& identity, std::error_code& error) const {
  const HANDLE handle = handle_of(descriptor_);
  BY_HANDLE_FILE_INFORMATION info;
  FILE_BASIC_INFO times;
  error.clear();
  if (::GetFileType(handle) != FILE_TYPE_DISK) return FileKind::kOther;
  if (!::GetFileInformationByHandle(handle, &info) ||
      !::GetFileInformationByHandleEx(handle, FileBasicInfo, &times, sizeof times)) {
    error = last_error();
    return FileKind::kOther;
  }
  identity.device = info.dwVolumeSerialNumber;
  identity.file = uint64_t{info.nFileIndexHigh} << 32 | info.nFileIndexLow;
  identity.size = uint64_t{info.nFileSizeHigh} << 32 | info.nFileSizeLow;
  identity.modified = nanoseconds(times.LastWriteTime);
  identity.changed = nanoseconds(times.ChangeTime);
  return (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? FileKind::kFolder : FileKind::kRegular;
}

FileMapping InputFile::map(uint64_t offset, size_t size, std::error_code& error) const {
  SYSTEM_INFO system;
  ::GetSystemInfo(&system);
  const auto before = static_cast<size_t>(offset % system.dwAllocationGranularity);
  const uint64_t from = offset - before;
  FileMapping mapping{.size = size, .page_bytes = size + before};
  const HANDLE section = ::CreateFileMappingW(handle_of(descriptor_), nullptr, PAGE_READONLY, 0, 0, nullptr);
  void* const pages = section == nullptr ? nullptr
                                         : ::MapViewOfFile(section, FILE_MAP_READ, static_cast<DWORD>(from >> 32),
                                                           static_cast<DWORD>(from), mapping.page_bytes);
  error = pages == nullptr ? last_error() : std::error_code();
  if (section != nullptr) ::CloseHandle(section);  // the view keeps it
  if (pages == nullptr) return {};
  mapping.pages = pages;
  mapping.data = static_cast<const std::byte*>(pages) + before;
  return mapping;
}

void unmap(const FileMapping& mapping) {
  if (mapping.pages != nullptr) ::UnmapViewOfFile(mapping.pages);
}

void discard_pages(const void* begin, size_t size) {
  SYSTEM_INFO system;
  ::GetSystemInfo(&system);
  const uintptr_t page = system.dwPageSize;
  const auto from = (reinterpret_cast<uintptr_t>(begin) + page - 1) / page * page;
  const auto to = (reinterpret_cast<uintptr_t>(begin) + size) / page * page;
  // Unlocking pages that were not locked fails, and takes them out of the working set, which is what is wanted.
  if (from < to) ::VirtualUnlock(reinterpret_cast<void*>(from), to - from);
}

std::FILE* open_stdio(const std::filesystem::path& path, const char* mode) {
  const std::string narrow = std::string(mode) + "N";  // not inherited
  return ::_wfopen(path.c_str(), std::wstring(narrow.begin(), narrow.end()).c_str());
}

bool flush_to_disk(std::FILE* file) { return std::fflush(file) == 0 && ::_commit(::_fileno(file)) == 0; }

void replace_file(const std::filesystem::path& from, const std::filesystem::path& to, std::error_code& error) {
  const auto move = [](const std::filesystem::path& source, const std::filesystem::path& target) {
    return ::MoveFileExW(source.c_str(), target.c_str(), MOVEFILE_REPLACE_EXISTING) != 0;
  };
  // A file that is open or mapped cannot be replaced, and can be renamed. Under its other name, that of an unfinished
  // file, it goes at once or is left to whoever tidies up. Others may be at the same: whose turn it was not tries
  // again.
  constexpr int kTries = 20;
  for (int i = 0; i < kTries; ++i) {
    error.clear();
    if (move(from, to)) return;
    error = last_error();
    if (::GetFileAttributesW(from.c_str()) == INVALID_FILE_ATTRIBUTES) return;
    std::filesystem::path aside = from;
    aside.replace_filename(from.stem().wstring() + L"-old" + std::to_wstring(i) + from.extension().wstring());
    if (!move(to, aside)) {
      ::Sleep(1);
      continue;
    }
    const bool replaced = move(from, to);
    if (!replaced) ::MoveFileExW(aside.c_str(), to.c_str(), 0);  // unless another's stands there by now
    if (::GetFileAttributesW(to.c_str()) != INVALID_FILE_ATTRIBUTES) ::DeleteFileW(aside.c_str());
    if (!replaced) continue;
    error.clear();
    return;
  }
}

void sync_folder(const std::filesystem::path& /*folder*/) {}

bool may_replace(const std::filesystem::path& /*target*/) { return true; }  // the rename itself refuses

}  // namespace mobilediffusion
#endif
