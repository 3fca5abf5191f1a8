// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/packed_model.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "src/files/in_message.h"
#include "src/files/program_file.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kUsualEnding = ".mdiff";
constexpr size_t kLongestName = 255;

// Where the bytes come from: a file from `offset` on, or memory.
struct Origin {
  std::shared_ptr<const InputFile> file;
  uint64_t offset = 0;
};

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
}

std::span<const std::byte> around(std::span<const std::byte> all, std::span<const std::byte> more) {
  if (more.empty()) return all;
  if (all.empty()) return more;
  const std::byte* const begin = std::min(all.data(), more.data());
  const std::byte* const end = std::max(all.data() + all.size(), more.data() + more.size());
  return {begin, end};
}

class PackedFiles : public FileSet {
 public:
  PackedFiles(const std::string& title, MappedFile whole, Safetensors tensors, Origin origin)
      : FileSet(title), whole_(std::move(whole)), tensors_(std::move(tensors)), origin_(std::move(origin)) {}

  // Gives every part its name. What is wrong comes back in words.
  Status index() {
    if (Status status = read_names(); !status.ok()) return status;
    for (const auto& [name, tensor] : tensors_.entries()) {
      Status status;
      if (name.starts_with(kPackedFiles)) {
        status = add_file(name.substr(kPackedFiles.size()), tensor);
      } else {
        status = add_weight(name, tensor);
      }
      if (!status.ok()) return status;
    }
    for (const PackedNetwork& network : kPackedNetworks) {
      const auto region = regions_.find(network.weights_name());
      if (region == regions_.end() || region->second.empty()) continue;
      if (exists(region->first))
        return invalid("holds a file " + region->first + " beside the weights that stand in its place");
      add_part(region->first, region->second);
    }
    return {};
  }

  Result<TensorFile> open_tensors(const std::string& name) const override {
    const auto region = regions_.find(name);
    if (region == regions_.end()) return FileSet::open_tensors(name);
    Result<MappedFile> mapped = open(name);
    if (!mapped.ok()) return mapped.status();
    const std::string prefix = name.substr(0, name.find('/') + 1);
    Safetensors below = tensors_.below(prefix, region->second, mapped->bytes());
    return TensorFile{std::move(*mapped), std::move(below)};
  }

  std::vector<std::string> names() const override { return names_; }

 private:
  Status invalid(const std::string& what) const { return Status(StatusCode::kInvalidModel, title("") + " " + what); }

  Status read_names() {
    const Safetensors::Metadata& metadata = tensors_.metadata();
    const auto value = [&](std::string_view key) {
      const auto found = metadata.find(std::string(key));
      return found == metadata.end() ? std::string() : found->second;
    };
    for (std::string lines = value(kPackModelKey) + "\n" + value(kPackNamesKey); !lines.empty();) {
      const std::string name = lines.substr(0, lines.find('\n'));
      lines.erase(0, name.size() + 1);
      if (has_control_characters(name) || name.size() > kLongestName)
        return invalid("is called " + in_message(name) + ", which is no name of a model");
      if (!name.empty()) names_.push_back(name);
    }
    return {};
  }

  Status add_file(const std::string& name, const TensorEntry& tensor) {
    if (!is_packable_name(name)) return invalid("holds a file of a name that is not allowed, " + in_message(name));
    if (tensor.dtype != "U8" || tensor.shape.size() != 1)
      return invalid("holds the file " + in_message(name) + " as " + in_message(tensor.dtype) + " of " +
                     std::to_string(tensor.shape.size()) + " dimensions; expected U8 of 1");
    add_part(name, tensor.data);
    return {};
  }

  Status add_weight(const std::string& name, const TensorEntry& tensor) {
    for (const PackedNetwork& network : kPackedNetworks) {
      if (!name.starts_with(network.prefix())) continue;
      std::span<const std::byte>& region = regions_[network.weights_name()];
      region = around(region, tensor.data);
      return {};
    }
    return invalid("holds the tensor " + in_message(name) + ", which is no part of a model");
  }

  void add_part(const std::string& name, std::span<const std::byte> bytes) {
    if (origin_.file == nullptr) return add(name, bytes);
    const uint64_t begin = bytes.empty() ? 0 : static_cast<uint64_t>(bytes.data() - whole_.bytes().data());
    add(name, Part{origin_.file, origin_.offset + begin, bytes.size()});
  }

  MappedFile whole_;  // of which nothing but the header is touched
  Safetensors tensors_;
  Origin origin_;
  std::vector<std::string> names_;
  std::map<std::string, std::span<const std::byte>> regions_;  // a network's weights
};

Result<PackedModel> read(Result<MappedFile> whole, Origin origin, const std::string& title) {
  if (!whole.ok()) return whole.status();
  Result<Safetensors> tensors = Safetensors::parse(whole->bytes(), title);
  if (!tensors.ok()) return tensors.status();
  const auto format = tensors->metadata().find(std::string(kPackFormatKey));
  if (format == tensors->metadata().end()) {
    return Status(StatusCode::kInvalidModel,
                  title + " is a safetensors file, but no packed model: its metadata lacks \"" +
                      std::string(kPackFormatKey) + "\", which `mobilediffusion pack` writes");
  }
  if (format->second != kPackFormat) {
    return Status(StatusCode::kUnsupported, title + " is a packed model of the format " + in_message(format->second) +
                                                "; this version reads " + std::string(kPackFormat));
  }
  auto files = std::make_shared<PackedFiles>(title, std::move(*whole), std::move(*tensors), std::move(origin));
  if (Status status = files->index(); !status.ok()) return status;
  return PackedModel(std::move(files));
}

Result<PackedModel> read(InputFile file, uint64_t offset, uint64_t size, const std::string& title) {
  Origin origin{std::make_shared<const InputFile>(std::move(file)), offset};
  Result<MappedFile> whole = MappedFile::open(*origin.file, offset, size, title);
  return read(std::move(whole), std::move(origin), title);
}

bool begins_packed(std::span<const std::byte> file) {
  constexpr size_t kLooked = 256;  // the metadata stand in front
  const std::span<const std::byte> bytes = file.first(std::min(kLooked, file.size()));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.size() > 8 && text[8] == '{' && text.find(kPackFormatKey) != std::string_view::npos;
}

// Not a model whose last weight happens to end like that.
bool is_program(std::span<const std::byte> file) { return !begins_packed(file) && ends_with_model(file); }

}  // namespace

bool is_packable_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || has_control_characters(name) ||
      name.find_first_of("\\:*?\"<>|") != std::string_view::npos)
    return false;
  while (true) {
    const size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.back() == '.' || part.back() == ' ') return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

Result<PackedModel> open_packed_model(const std::string& path) {
  Result<InputFile> file = MappedFile::open_input(path);
  if (!file.ok()) return file.status();
  FileRange model{0, MappedFile::kToTheEnd};
  {
    const Result<MappedFile> whole = MappedFile::open(*file, 0, MappedFile::kToTheEnd, path);
    if (!whole.ok()) return whole.status();
    if (is_program(whole->bytes())) {
      const Result<FileRange> inside = range_of_model(whole->bytes(), path);
      if (!inside.ok()) return inside.status();
      model = *inside;
    }
  }
  return read(std::move(*file), model.begin, model.size, path);
}

Result<PackedModel> open_packed_model(int descriptor, uint64_t offset, uint64_t size, const std::string& title) {
  std::error_code error;
  InputFile own = InputFile::duplicate(descriptor, error);
  if (error) return Status(StatusCode::kIoError, "cannot read " + title + ": " + error.message());
  return read(std::move(own), offset, size, title);
}

Result<PackedModel> open_packed_model(std::span<const std::byte> bytes, const std::string& title) {
  return read(MappedFile::borrow(bytes, title), {}, title);
}

bool claims_to_be_packed(const std::string& path) {
  if (path.ends_with(kUsualEnding)) return true;
  const Result<MappedFile> file = MappedFile::open(path);
  return file.ok() && (begins_packed(file->bytes()) || is_program(file->bytes()));
}

bool holds_packed_model(const std::string& program) {
  const Result<MappedFile> file = MappedFile::open(program);
  return file.ok() && is_program(file->bytes());
}

}  // namespace mobilediffusion
