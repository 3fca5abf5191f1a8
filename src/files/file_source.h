// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where a model's files come from: folders on disk, an open file of which each is a part (what an app's package keeps
// uncompressed), or the caller's memory. Whoever reads a model takes a SourcePath and asks nothing else of the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/mapped_file.h"
#include "src/files/safetensors.h"

namespace mobilediffusion {

// A file of tensors. They are views of its bytes.
struct TensorFile {
  MappedFile mapped;
  Safetensors tensors;
};

// Files by names with slashes between folders: "unet/config.json". Immutable once made: any number of threads may use
// one.
class FileSource {
 public:
  virtual ~FileSource() = default;

  // Errors: as MappedFile's. Messages name the file as title() does.
  virtual Result<MappedFile> open(const std::string& name) const = 0;
  // The same of a safetensors file, whose header need not be among the bytes that are mapped. Errors: kInvalidModel
  // too.
  virtual Result<TensorFile> open_tensors(const std::string& name) const;
  virtual bool exists(const std::string& name) const = 0;  // as a file or as a folder
  virtual bool is_folder(const std::string& name) const = 0;
  // What a folder holds, files and folders, without the folder's name; sorted. Nothing of what is no folder.
  virtual std::vector<std::string> list(const std::string& folder) const = 0;
  // What messages call a file.
  virtual std::string title(const std::string& name) const = 0;
  // What the whole was called where it was put together, the most telling name first. Empty: its title says all.
  virtual std::vector<std::string> names() const { return {}; }
};

// Names are paths in UTF-8.
std::shared_ptr<const FileSource> disk();

// A set of files that was put together by name. What it is told of must not change while it is in use.
class FileSet : public FileSource {
 public:
  // `title` is what messages call the whole: "assets/model".
  explicit FileSet(std::string title) : title_(std::move(title)) {}

  // Each takes another file, or replaces one. Bytes must outlive the set and what was loaded from it; of a descriptor a
  // duplicate is kept. Errors: kIoError.
  void add(const std::string& name, std::span<const std::byte> bytes);
  Status add(const std::string& name, int descriptor, uint64_t offset, uint64_t size);

  Result<MappedFile> open(const std::string& name) const override;
  bool exists(const std::string& name) const override { return files_.contains(name) || is_folder(name); }
  bool is_folder(const std::string& name) const override;
  std::vector<std::string> list(const std::string& folder) const override;
  std::string title(const std::string& name) const override;

 protected:
  struct Part {
    std::shared_ptr<const InputFile> file;
    uint64_t offset = 0, size = 0;
  };
  void add(const std::string& name, Part part) { files_[name] = std::move(part); }

 private:
  std::string title_;
  std::map<std::string, std::variant<std::span<const std::byte>, Part>> files_;
};

// A file or a folder of a source, which need not be there. A string is a path on disk.
class SourcePath {
 public:
  SourcePath() : SourcePath(std::string()) {}
  SourcePath(std::string path) : SourcePath(disk(), std::move(path)) {}
  SourcePath(const char* path) : SourcePath(std::string(path)) {}
  // An empty name is the root.
  SourcePath(std::shared_ptr<const FileSource> source, std::string name)
      : source_(std::move(source)), name_(std::move(name)) {}

  SourcePath operator/(std::string_view below) const;
  SourcePath parent() const;  // of a file, the folder that it lies in
  SourcePath sibling(std::string_view leaf) const { return parent() / leaf; }
  std::string leaf() const;  // the last part of the name
  const std::string& name() const { return name_; }
  std::string string() const { return source_->title(name_); }  // for messages

  Result<MappedFile> open() const { return source_->open(name_); }
  Result<TensorFile> open_tensors() const { return source_->open_tensors(name_); }
  bool exists() const { return source_->exists(name_); }
  bool is_folder() const { return source_->is_folder(name_); }
  std::vector<std::string> list() const { return source_->list(name_); }
  bool on_disk() const { return source_ == disk(); }
  const FileSource& source() const { return *source_; }

  bool operator==(const SourcePath& other) const { return source_ == other.source_ && name_ == other.name_; }

 private:
  std::shared_ptr<const FileSource> source_;
  std::string name_;
};

// A small text file. Errors: kNotFound, kIoError, kInvalidModel where it is empty or larger than any configuration.
Result<std::string> read_text_file(const SourcePath& path);

}  // namespace mobilediffusion
