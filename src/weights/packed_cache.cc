// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/packed_cache.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "kernels/packing/packing_identity.h"
#include "mobilediffusion/pipeline.h"
#include "src/files/digest.h"
#include "src/files/file_io.h"
#include "src/files/safetensors.h"
#include "src/files/utf8_path.h"

namespace mobilediffusion {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSuffix = ".packed", kMemorySuffix = ".seen";
constexpr size_t kLargestMemory = size_t{1} << 20;
constexpr size_t kAlignment = kernels::PackedWeights::kAlignment;  // of an entry in the file
constexpr auto kAbandonedAfter = std::chrono::hours(24);

// A file that changed this lately may change again within one tick of its file system's clock, and show nothing.
constexpr auto kSettledAfter = std::chrono::seconds(2);

// Of every byte, in pieces that are let go of: a gigabyte must not be in memory to be digested.
uint64_t content_digest(const MappedFile& file, uint64_t seed, const kernels::CancelFlag& cancel) {
  constexpr size_t kPiece = size_t{1} << 24;
  const std::span<const std::byte> bytes = file.bytes();
  for (size_t at = 0; at < bytes.size() && !cancel.is_set(); at += kPiece) {
    const std::span<const std::byte> piece = bytes.subspan(at, std::min(kPiece, bytes.size() - at));
    seed = digest(piece, seed);
    file.drop(piece.data(), piece.size());
  }
  return seed;
}

// Of the tensors' names, types and shapes, and where they lie: a part of a file has its header elsewhere.
uint64_t header_digest(const FileWeights::File& file, uint64_t seed) {
  std::string text;
  for (const auto& [name, entry] : file.tensors.entries()) {
    const ptrdiff_t offset = entry.data.empty() ? 0 : entry.data.data() - file.mapped.bytes().data();
    text += name + " " + entry.dtype + " " + in_message(entry.shape) + " " + std::to_string(offset) + "\n";
  }
  return digest(text, seed);
}

// What the system says of the files, a line each. Nothing where one is no file: bytes in memory may be any.
std::optional<std::string> identities_of(const FileWeights& weights) {
  std::string lines;
  for (const FileWeights::File& file : weights.files()) {
    const std::optional<FileIdentity>& identity = file.mapped.identity();
    if (!identity) return std::nullopt;
    for (const uint64_t value :
         {identity->device, identity->file, identity->size, identity->begin, static_cast<uint64_t>(identity->modified),
          static_cast<uint64_t>(identity->changed), static_cast<uint64_t>(file.mapped.bytes().size())})
      lines += to_hex(value) + " ";
    lines += "\n";
  }
  return lines;
}

bool settled(const FileWeights& weights) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t latest = std::chrono::duration_cast<std::chrono::nanoseconds>(now - kSettledAfter).count();
  return std::all_of(weights.files().begin(), weights.files().end(), [&](const FileWeights::File& file) {
    return std::max(file.mapped.identity()->modified, file.mapped.identity()->changed) < latest;
  });
}

std::string checksum_of(const kernels::PackedWeights::Entry& entry) {
  return std::to_string(entry.layout) + ":" + to_hex(digest(entry.bytes, entry.layout));
}

Status damaged(const std::string& path, const std::string& what) {
  return Status(StatusCode::kInvalidModel, "the packed weights " + path + " are damaged: " + what);
}

}  // namespace

// A digest of all that the weights' files hold.
uint64_t PackedCache::content_of(const FileWeights& weights, Place* place, const kernels::CancelFlag& cancel) const {
  constexpr std::string_view kFormat = "weights 2\n";
  const std::optional<std::string> identities = identities_of(weights);
  if (identities) {
    uint64_t names = 0;
    for (const FileWeights::File& file : weights.files()) {
      std::error_code ignored;
      const std::string name = file.path.string();
      names = digest(file.path.on_disk() ? to_utf8(fs::absolute(to_path(name), ignored)) : name, names);
    }
    place->memory_path = folder_ + "/weights-" + to_hex(names) + std::string(kMemorySuffix);
    const Result<std::vector<uint8_t>> memory = read_file(place->memory_path, kLargestMemory);
    const std::string_view text = memory.ok()
                                      ? std::string_view(reinterpret_cast<const char*>(memory->data()), memory->size())
                                      : std::string_view();
    // The format, the files, the digest.
    const std::string expected = std::string(kFormat) + *identities;
    uint64_t found = 0;
    if (text.starts_with(expected) && text.size() == expected.size() + 16) {
      const char* const end = text.data() + text.size();
      if (const auto [rest, error] = std::from_chars(end - 16, end, found, 16); error == std::errc() && rest == end)
        return found;
    }
  }
  uint64_t state = 0;
  for (const FileWeights::File& file : weights.files())
    state = header_digest(file, content_digest(file.mapped, state, cancel));
  if (identities && settled(weights)) place->memory = std::string(kFormat) + *identities + to_hex(state);
  return state;
}

PackedCache::Place PackedCache::place_for(std::string_view network, kernels::Precision precision,
                                          const FileWeights& weights, const std::string& changes,
                                          const kernels::CancelFlag& cancel) const {
  Place place;
  const uint64_t content = content_of(weights, &place, cancel);
  const uint64_t state = digest("packed 3\n" + std::string(network) + "\n" + std::string(version()) + "\n" +
                                    std::to_string(static_cast<int>(precision)) + "\n" + kernels::packing_identity() +
                                    (changes.empty() ? "" : "\n" + changes),
                                content);
  place.path = folder_ + "/" + std::string(network) + "-" + to_hex(state) + std::string(kSuffix);
  return place;
}

// Best effort: what is not remembered is read again.
void PackedCache::remember(const Place& place) const {
  if (place.memory.empty()) return;
  (void)write_file_atomically(place.memory_path,
                              {reinterpret_cast<const uint8_t*>(place.memory.data()), place.memory.size()});
}

Result<std::optional<MappedFile>> PackedCache::read(const Place& place, kernels::PackedWeights& packed,
                                                    const kernels::CancelFlag& cancel) const {
  const std::string& path = place.path;
  Result<MappedFile> file = MappedFile::open(path);
  if (file.status().code() == StatusCode::kNotFound) return std::optional<MappedFile>();
  if (!file.ok()) return file.status();
  Result<Safetensors> tensors = Safetensors::parse(file->bytes(), path);
  if (!tensors.ok()) return tensors.status();
  for (const auto& [name, tensor] : tensors->entries()) {
    if (cancel.is_set()) return kernels::CancelFlag::status();
    const auto written = tensors->metadata().find(name);
    if (written == tensors->metadata().end()) return damaged(path, "no checksum of " + name);
    kernels::PackedWeights::Entry entry{.bytes = tensor.data};
    entry.layout = static_cast<uint32_t>(std::strtoul(written->second.c_str(), nullptr, 10));
    if (reinterpret_cast<uintptr_t>(entry.bytes.data()) % kAlignment != 0)
      return damaged(path, name + " is not aligned");
    const std::string found = checksum_of(entry);
    if (found != written->second)
      return damaged(path, "the checksum of " + name + " is " + found + ", not " + written->second);
    packed.add(name, entry);
    file->drop(entry.bytes.data(), entry.bytes.size());  // else the whole file would count before its first use
  }
  std::error_code ignored;
  fs::last_write_time(to_path(path), fs::file_time_type::clock::now(), ignored);  // when it was last used
  remember(place);
  return std::optional<MappedFile>(std::move(*file));
}

Status PackedCache::write(const Place& place, const kernels::PackedWeights& packed,
                          const kernels::CancelFlag& cancel) const {
  std::vector<TensorSource> tensors;
  std::map<std::string, std::string> checksums;
  uint64_t bytes = 0;
  for (const auto& [name, entry] : packed.entries()) {
    if (cancel.is_set()) return kernels::CancelFlag::status();
    tensors.push_back(tensor_in_memory(name, "U8", {static_cast<int64_t>(entry.bytes.size())}, entry.bytes));
    checksums.emplace(name, checksum_of(entry));
    bytes += (entry.bytes.size() + kAlignment - 1) / kAlignment * kAlignment;
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
  Status written =
      write_safetensors(place.path, std::move(tensors), checksums, kAlignment, [&] { return cancel.is_set(); });
  if (written.ok()) remember(place);
  return written;
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
    if (file.path.extension() == kSuffix || file.path.extension() == kMemorySuffix) {
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
