// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/file_source.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "src/files/utf8_path.h"

namespace mobilediffusion {
namespace {

namespace fs = std::filesystem;

#if defined(_WIN32)
constexpr std::string_view kSeparators = "/\\";
#else
constexpr std::string_view kSeparators = "/";
#endif
constexpr size_t kLargestText = size_t{16} << 20;

class Disk : public FileSource {
 public:
  Result<MappedFile> open(const std::string& name) const override { return MappedFile::open(name); }

  bool exists(const std::string& name) const override {
    std::error_code error;
    return fs::exists(to_path(name), error);
  }

  bool is_folder(const std::string& name) const override {
    std::error_code error;
    return fs::is_directory(to_path(name), error);
  }

  std::vector<std::string> list(const std::string& folder) const override {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator entry(to_path(folder.empty() ? "." : folder), error), end; !error && entry != end;
         entry.increment(error))
      found.push_back(to_utf8(entry->path().filename()));
    std::sort(found.begin(), found.end());
    return found;
  }

  std::string title(const std::string& name) const override { return name; }
};

// What the names of a folder's files begin with.
std::string prefix_of(const std::string& folder) { return folder.empty() ? "" : folder + "/"; }

}  // namespace

Result<TensorFile> FileSource::open_tensors(const std::string& name) const {
  Result<MappedFile> mapped = open(name);
  if (!mapped.ok()) return mapped.status();
  Result<Safetensors> tensors = Safetensors::parse(mapped->bytes(), title(name));
  if (!tensors.ok()) return tensors.status();
  return TensorFile{std::move(*mapped), std::move(*tensors)};
}

std::shared_ptr<const FileSource> disk() {
  static const std::shared_ptr<const FileSource> only = std::make_shared<Disk>();
  return only;
}

void FileSet::add(const std::string& name, std::span<const std::byte> bytes) { files_[name] = bytes; }

Status FileSet::add(const std::string& name, int descriptor, uint64_t offset, uint64_t size) {
  std::error_code error;
  InputFile own = InputFile::duplicate(descriptor, error);
  if (error) return Status(StatusCode::kIoError, "cannot read " + title(name) + ": " + error.message());
  add(name, Part{std::make_shared<const InputFile>(std::move(own)), offset, size});
  return {};
}

Result<MappedFile> FileSet::open(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) {
    return is_folder(name) ? Status(StatusCode::kIoError, "cannot read " + title(name) + ": it is a folder")
                           : Status(StatusCode::kNotFound, "there is no file " + title(name));
  }
  if (const auto* const bytes = std::get_if<std::span<const std::byte>>(&found->second))
    return MappedFile::borrow(*bytes, title(name));
  const Part& part = std::get<Part>(found->second);
  return MappedFile::open(*part.file, part.offset, part.size, title(name));
}

bool FileSet::is_folder(const std::string& name) const {
  const std::string prefix = prefix_of(name);
  const auto first = files_.lower_bound(prefix);
  return first != files_.end() && first->first.starts_with(prefix);
}

std::vector<std::string> FileSet::list(const std::string& folder) const {
  const std::string prefix = prefix_of(folder);
  std::set<std::string> found;
  for (auto file = files_.lower_bound(prefix); file != files_.end() && file->first.starts_with(prefix); ++file)
    found.insert(file->first.substr(prefix.size(), file->first.find('/', prefix.size()) - prefix.size()));
  return {found.begin(), found.end()};
}

std::string FileSet::title(const std::string& name) const { return name.empty() ? title_ : title_ + "/" + name; }

SourcePath SourcePath::operator/(std::string_view below) const {
  const bool closed = name_.empty() || kSeparators.find(name_.back()) != std::string_view::npos;
  return {source_, name_ + (closed ? "" : "/") + std::string(below)};
}

SourcePath SourcePath::parent() const {
  const size_t slash = name_.find_last_of(kSeparators);
  if (slash == std::string::npos) return {source_, ""};
  return {source_, name_.substr(0, std::max<size_t>(slash, 1))};  // "/" stays
}

std::string SourcePath::leaf() const { return name_.substr(name_.find_last_of(kSeparators) + 1); }

Result<std::string> read_text_file(const SourcePath& path) {
  Result<MappedFile> file = path.open();
  if (!file.ok()) return file.status();
  if (file->bytes().size() > kLargestText) {
    return Status(StatusCode::kInvalidModel, path.string() + " has " + std::to_string(file->bytes().size()) +
                                                 " bytes; at most " + std::to_string(kLargestText) + " are read");
  }
  return std::string(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
}

}  // namespace mobilediffusion
