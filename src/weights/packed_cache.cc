// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/packed_cache.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "kernels/packing/packing_identity.h"
#include "mobilediffusion/pipeline.h"
#include "src/files/digest.h"
#include "src/files/file_io.h"
#include "src/files/utf8_path.h"
#include "src/weights/safetensors.h"

namespace mobilediffusion {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSuffix = ".packed";
constexpr auto kAbandonedAfter = std::chrono::hours(24);

// Of the whole header, and of samples all over the rest: a gigabyte is not read to find out whether it changed.
uint64_t sampled_digest(std::span<const std::byte> bytes) {
  constexpr size_t kHead = size_t{1} << 18, kSamples = 256, kSample = 1024;
  uint64_t state = digest(bytes.first(std::min(bytes.size(), kHead)));
  if (bytes.size() <= kHead + kSamples * kSample) return digest(bytes, state);
  const size_t apart = (bytes.size() - kSample) / kSamples;
  for (size_t i = 1; i <= kSamples; ++i) state = digest(bytes.subspan(i * apart, kSample), state);
  return state;
}

std::string checksum_of(const kernels::PackedWeights::Entry& entry) {
  return std::to_string(entry.layout) + ":" + to_hex(digest(entry.bytes, entry.layout));
}

Status damaged(const std::string& path, const std::string& what) {
  return Status(StatusCode::kInvalidModel, "the packed weights " + path + " are damaged: " + what);
}

}  // namespace

std::string PackedCache::path_for(std::string_view network, kernels::Precision precision, const FileWeights& weights,
                                  const std::string& changes) const {
  uint64_t state =
      digest(std::string(network) + "\n" + std::string(version()) + "\n" + std::to_string(static_cast<int>(precision)) +
             "\n" + kernels::packing_identity() + (changes.empty() ? "" : "\n" + changes));
  for (const FileWeights::File& file : weights.files()) {
    std::error_code ignored;
    const auto changed = fs::last_write_time(to_path(file.path.name()), ignored).time_since_epoch().count();
    const std::span<const std::byte> bytes = file.mapped.bytes();
    state = digest(std::to_string(changed) + "\n" + std::to_string(bytes.size()) + "\n" + to_hex(sampled_digest(bytes)),
                   state);
    file.mapped.drop(bytes.data(), bytes.size());  // a page touched may bring a megabyte around it
  }
  return folder_ + "/" + std::string(network) + "-" + to_hex(state) + std::string(kSuffix);
}

Result<std::optional<MappedFile>> PackedCache::read(const std::string& path, kernels::PackedWeights& packed) const {
  Result<MappedFile> file = MappedFile::open(path);
  if (file.status().code() == StatusCode::kNotFound) return std::optional<MappedFile>();
  if (!file.ok()) return file.status();
  Result<Safetensors> tensors = Safetensors::parse(file->bytes(), path);
  if (!tensors.ok()) return tensors.status();
  for (const auto& [name, tensor] : tensors->entries()) {
    const auto written = tensors->metadata().find(name);
    if (written == tensors->metadata().end()) return damaged(path, "no checksum of " + name);
    kernels::PackedWeights::Entry entry{.bytes = tensor.data};
    entry.layout = static_cast<uint32_t>(std::strtoul(written->second.c_str(), nullptr, 10));
    if (reinterpret_cast<uintptr_t>(entry.bytes.data()) % kernels::PackedWeights::kAlignment != 0)
      return damaged(path, name + " is not aligned");
    const std::string found = checksum_of(entry);
    if (found != written->second)
      return damaged(path, "the checksum of " + name + " is " + found + ", not " + written->second);
    packed.add(name, entry);
    file->drop(entry.bytes.data(), entry.bytes.size());  // else the whole file would count before its first use
  }
  std::error_code ignored;
  fs::last_write_time(to_path(path), fs::file_time_type::clock::now(), ignored);  // when it was last used
  return std::optional<MappedFile>(std::move(*file));
}

Status PackedCache::write(const std::string& path, const kernels::PackedWeights& packed) const {
  std::vector<TensorSource> tensors;
  std::map<std::string, std::string> checksums;
  uint64_t bytes = 0;
  for (const auto& [name, entry] : packed.entries()) {
    tensors.push_back(tensor_in_memory(name, "U8", {static_cast<int64_t>(entry.bytes.size())}, entry.bytes));
    checksums.emplace(name, checksum_of(entry));
    bytes += entry.bytes.size();
  }
  if (bytes > most_bytes_) {
    return Status(StatusCode::kInvalidArgument, "packed weights of " + std::to_string(bytes >> 20) +
                                                    " MiB are not kept: the cache may have " +
                                                    std::to_string(most_bytes_ >> 20) + " MiB");
  }
  std::error_code failed;
  fs::create_directories(to_path(folder_), failed);
  if (failed) return Status(StatusCode::kIoError, "cannot make the folder " + folder_ + ": " + failed.message());
  make_room(bytes);
  return write_safetensors(path, tensors, checksums);
}

void PackedCache::make_room(uint64_t bytes) const {
  struct Kept {
    fs::file_time_type used;
    uint64_t bytes;
    fs::path path;
  };
  std::vector<Kept> files;
  std::error_code ignored;
  uint64_t total = bytes;
  const auto abandoned = fs::file_time_type::clock::now() - kAbandonedAfter;
  for (const fs::directory_entry& entry : fs::directory_iterator(to_path(folder_), ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    const Kept file{entry.last_write_time(ignored), entry.file_size(ignored), entry.path()};
    if (file.path.extension() == kSuffix) {
      files.push_back(file);
      total += file.bytes;
    } else if (names_unfinished_file(to_utf8(file.path.filename())) && file.used < abandoned) {
      fs::remove(file.path, ignored);
    }
  }
  std::sort(files.begin(), files.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& file : files) {
    if (total <= most_bytes_) return;
    if (fs::remove(file.path, ignored)) total -= file.bytes;
  }
}

}  // namespace mobilediffusion
