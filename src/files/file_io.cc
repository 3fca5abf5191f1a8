// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/file_io.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "src/files/file_faults.h"
#include "src/files/system_file.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

// Whether a test wants the operation to fail; errno says how.
bool fails(FileOperation operation) {
  errno = 0;
  const int fault = file_fault(operation);
  if (fault != 0) errno = fault;
  return fault != 0;
}

std::FILE* open_file(const fs::path& path, const char* mode, FileOperation operation) {
  return fails(operation) ? nullptr : open_stdio(path, mode);
}

// Some failures of stdio leave errno alone; EIO says no less than the truth then.
std::error_code last_error() { return {errno != 0 ? errno : EIO, std::generic_category()}; }

Status failed(const char* verb, const std::string& path, const std::error_code& error) {
  const StatusCode code = error == std::errc::no_such_file_or_directory ? StatusCode::kNotFound : StatusCode::kIoError;
  return {code, std::string("cannot ") + verb + " " + path + ": " + error.message()};
}

Status check_name(const char* verb, const std::string& path) {
  if (path.empty()) return {StatusCode::kInvalidArgument, std::string("cannot ") + verb + " a file without a name"};
  // The system would stop reading at the NUL, and another file would be meant.
  if (path.find('\0') != std::string::npos) {
    return {StatusCode::kInvalidArgument, std::string("cannot ") + verb + " a file whose name holds a NUL"};
  }
  return {};
}

// Names under these are doors to something already open; their targets must not be replaced, even when regular.
bool is_door(const std::string& path) { return path.starts_with("/dev/") || path.starts_with("/proc/"); }

constexpr char kUnfinishedPrefix[] = ".mobilediffusion-", kUnfinishedSuffix[] = ".tmp";

}  // namespace

bool names_unfinished_file(std::string_view leaf) {
  return leaf.starts_with(kUnfinishedPrefix) && leaf.ends_with(kUnfinishedSuffix);
}

struct AtomicFile::Impl {
  std::string name;  // as the caller wrote it, for the messages
  fs::path target;
  fs::path temporary;  // empty: the target is written to directly
  std::FILE* file = nullptr;

  ~Impl() {
    if (file != nullptr) std::fclose(file);
    std::error_code ignored;
    if (!temporary.empty()) fs::remove(temporary, ignored);
  }

  Status open_directly() {
    // Appending: after "prog -o /dev/stdout >> file" the file should still hold what it held.
    file = open_file(target, "ab", FileOperation::kOpenToWrite);
    return file != nullptr ? Status() : failed("write", name, last_error());
  }

  // Beside the target, since a rename cannot cross file systems.
  Status open_temporary(bool replacing, fs::perms mode) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    const uint64_t salt = static_cast<uint64_t>(now) ^ (reinterpret_cast<uintptr_t>(this) << 16);
    for (int attempt = 0; attempt < 100; ++attempt) {
      char leaf[64];
      std::snprintf(leaf, sizeof(leaf), "%s%016llx-%d%s", kUnfinishedPrefix, static_cast<unsigned long long>(salt),
                    attempt, kUnfinishedSuffix);
      const fs::path candidate = target.parent_path() / leaf;
      file = open_file(candidate, "wbx", FileOperation::kOpenToWrite);
      if (file == nullptr && errno == EEXIST) continue;
      if (file == nullptr) return failed("write", name, last_error());
      temporary = candidate;
      std::error_code ignored;  // a file system without modes keeps its own
      if (replacing) {
        fs::permissions(temporary, mode, ignored);
      } else {
        fs::permissions(temporary, fs::perms::group_write | fs::perms::others_write, fs::perm_options::remove, ignored);
      }
      return {};
    }
    return failed("write", name, std::make_error_code(std::errc::file_exists));
  }
};

AtomicFile::AtomicFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

Result<AtomicFile> AtomicFile::open(const std::string& path) {
  if (Status status = check_name("write", path); !status.ok()) return status;
  auto impl = std::make_unique<Impl>();
  impl->name = path;
  impl->target = to_path(path);

  std::error_code error;
  const fs::file_status found = fs::status(impl->target, error);
  if (found.type() == fs::file_type::none) return failed("write", path, error);
  if (found.type() == fs::file_type::directory) {
    return failed("write", path, std::make_error_code(std::errc::is_a_directory));
  }

  Status status;
  const bool exists = found.type() != fs::file_type::not_found;
  if (exists && (found.type() != fs::file_type::regular || is_door(path))) {
    status = impl->open_directly();
  } else if (exists && !may_replace(impl->target)) {
    status = failed("write", path, last_error());
  } else {
    // Through a symbolic link to the file itself, so that the link stays one.
    if (fs::is_symlink(fs::symlink_status(impl->target, error))) {
      const fs::path real = exists ? fs::canonical(impl->target, error)
                                   : impl->target.parent_path() / fs::read_symlink(impl->target, error);
      if (error) return failed("write", path, error);
      impl->target = real;
    }
    status = impl->open_temporary(exists, found.permissions());
  }
  if (!status.ok()) return status;
  return AtomicFile(std::move(impl));
}

Status AtomicFile::write(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return {};
  if (!fails(FileOperation::kWrite) && std::fwrite(bytes.data(), 1, bytes.size(), impl_->file) == bytes.size())
    return {};
  return failed("write", impl_->name, last_error());
}

Status AtomicFile::make_executable() {
  if (impl_->temporary.empty()) return {};
  std::error_code error;
  const fs::perms mode = fs::status(impl_->temporary, error).permissions();
  fs::perms runs = fs::perms::none;
  for (const auto& [read, run] : {std::pair(fs::perms::owner_read, fs::perms::owner_exec),
                                  std::pair(fs::perms::group_read, fs::perms::group_exec),
                                  std::pair(fs::perms::others_read, fs::perms::others_exec)}) {
    if (!error && (mode & read) != fs::perms::none) runs |= run;
  }
  if (!error) fs::permissions(impl_->temporary, runs, fs::perm_options::add, error);
  return error ? failed("make a program of", impl_->name, error) : Status();
}

const std::string& AtomicFile::name() const { return impl_->name; }

Status AtomicFile::commit() {
  const bool direct = impl_->temporary.empty();
  const bool flushed =
      !fails(FileOperation::kFlush) && (direct ? std::fflush(impl_->file) == 0 : flush_to_disk(impl_->file));
  std::error_code error = flushed ? std::error_code() : last_error();
  std::error_code closing = fails(FileOperation::kClose) ? last_error() : std::error_code();
  errno = 0;
  if (std::fclose(std::exchange(impl_->file, nullptr)) != 0 && !closing) closing = last_error();
  if (!error) error = closing;
  if (!error && !direct && fails(FileOperation::kRename)) error = last_error();
  if (!error && !direct) replace_file(impl_->temporary, impl_->target, error);
  if (error) return failed("write", impl_->name, error);
  if (!direct) {
    impl_->temporary.clear();
    const fs::path folder = impl_->target.parent_path();
    sync_folder(folder.empty() ? fs::path(".") : folder);
  }
  return {};
}

Status write_file_atomically(const std::string& path, std::span<const uint8_t> bytes) {
  Result<AtomicFile> file = AtomicFile::open(path);
  if (!file.ok()) return file.status();
  if (Status status = file->write(bytes); !status.ok()) return status;
  return file->commit();
}

Status copy_file(const std::string& from, const std::string& to) {
  constexpr size_t kMost = size_t{1} << 30;  // what is larger is no file that stands beside weights
  const Result<std::vector<uint8_t>> bytes = read_file(from, kMost);
  return bytes.ok() ? write_file_atomically(to, *bytes) : bytes.status();
}

Result<std::vector<uint8_t>> read_file(const std::string& path, size_t max_bytes) {
  if (Status status = check_name("read", path); !status.ok()) return status;
  const fs::path source = to_path(path);
  std::FILE* opened = open_file(source, "rb", FileOperation::kOpenToRead);
  if (opened == nullptr) return failed("read", path, last_error());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(opened, &std::fclose);

  // By growing and not by asking for the size: a pipe has none, and a file may change.
  std::vector<uint8_t> bytes;
  for (size_t filled = 0;;) {
    if (filled == bytes.size()) {
      if (filled > max_bytes) {
        return Status(StatusCode::kInvalidArgument,
                      path + " is too large: more than " + std::to_string(max_bytes) + " bytes");
      }
      bytes.resize(std::min(std::max<size_t>(2 * filled, 65536), max_bytes + 1));
    }
    if (fails(FileOperation::kRead)) return failed("read", path, last_error());
    filled += std::fread(bytes.data() + filled, 1, bytes.size() - filled, file.get());
    if (std::ferror(file.get())) return failed("read", path, last_error());
    if (filled < bytes.size()) {
      bytes.resize(filled);
      return bytes;
    }
  }
}

}  // namespace mobilediffusion
