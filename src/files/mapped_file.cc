// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/mapped_file.h"

#include <limits>
#include <utility>

#include "src/files/file_faults.h"
#include "src/files/impostor.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion {
namespace {

// Runs one operation, unless a test wants it to fail.
template <typename Operation>
auto attempt(FileOperation kind, std::error_code& error, Operation&& operation) -> decltype(operation()) {
  if (const int fault = file_fault(kind); fault != 0) {
    error = std::error_code(fault, std::generic_category());
    return {};
  }
  return operation();
}

Status failed(const std::string& name, const std::error_code& error) {
  StatusCode code = StatusCode::kIoError;
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
    code = StatusCode::kNotFound;
  if (error == std::errc::not_enough_memory) code = StatusCode::kOutOfMemory;
  return Status(code, "cannot read " + name + ": " + error.message());
}

Status empty(const std::string& name) { return Status(StatusCode::kInvalidModel, name + " is empty"); }

// Unless it is something else in a file's place.
Result<MappedFile> genuine(MappedFile file, const std::string& name) {
  if (const std::string found = impostor(file.bytes()); !found.empty())
    return Status(StatusCode::kInvalidModel, name + " " + found);
  return file;
}

}  // namespace

Result<InputFile> MappedFile::open_input(const std::string& path) {
  std::error_code error;
  InputFile file = attempt(FileOperation::kOpenToRead, error, [&] { return InputFile::open(to_path(path), error); });
  if (error) return failed(path, error);
  return file;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const Result<InputFile> file = open_input(path);
  return file.ok() ? open(*file, 0, kToTheEnd, path) : file.status();
}

Result<MappedFile> MappedFile::open(const InputFile& file, uint64_t offset, uint64_t size, const std::string& name) {
  std::error_code error;
  FileIdentity identity;
  const FileKind kind = attempt(FileOperation::kExamine, error, [&] { return file.examine(identity, error); });
  if (error) return failed(name, error);
  if (kind != FileKind::kRegular)
    return failed(name, std::make_error_code(kind == FileKind::kFolder ? std::errc::is_a_directory
                                                                       : std::errc::invalid_argument));
  if (size == kToTheEnd && offset <= identity.size) size = identity.size - offset;
  if (offset > identity.size || size > identity.size - offset) {
    return Status(StatusCode::kIoError, "cannot read " + name + ": bytes " + std::to_string(offset) + " to " +
                                            std::to_string(offset + size) + " of a file that has " +
                                            std::to_string(identity.size));
  }
  if (size == 0) return empty(name);
  if (size > std::numeric_limits<size_t>::max())
    return failed(name, std::make_error_code(std::errc::not_enough_memory));
  const FileMapping mapping =
      attempt(FileOperation::kMap, error, [&] { return file.map(offset, static_cast<size_t>(size), error); });
  if (error) return failed(name, error);
  identity.begin = offset;
  return genuine(MappedFile(mapping, identity), name);
}

Result<MappedFile> MappedFile::borrow(std::span<const std::byte> bytes, const std::string& name) {
  std::error_code error;
  attempt(FileOperation::kMap, error, [] { return true; });
  if (error) return failed(name, error);
  if (bytes.empty()) return empty(name);
  return genuine(MappedFile(FileMapping{.data = bytes.data(), .size = bytes.size()}, std::nullopt), name);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(identity_, other.identity_);
  return *this;
}

void MappedFile::drop(const void* begin, size_t size) const {
  if (mapping_.pages != nullptr) discard_pages(begin, size);
}

}  // namespace mobilediffusion
