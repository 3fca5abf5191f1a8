// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "src/files/file_io.h"
#include "src/files/impostor.h"
#include "src/files/in_message.h"

namespace mobilediffusion {

using nlohmann::json;

namespace {

constexpr uint64_t kLongestHeader = 100'000'000;  // the format's own limit
constexpr const char* kMetadata = "__metadata__";
constexpr std::string_view kPadding = "__padding__/";
constexpr size_t kDataAlignment = 64;
constexpr size_t kPiece = size_t{1} << 22;

// Bytes of one element; 0 for a type that we do not know, or that has less than a byte.
size_t element_size(std::string_view dtype) {
  static constexpr std::pair<std::string_view, size_t> kSizes[] = {
      {"F64", 8}, {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4},  {"U32", 4},     {"F16", 2},    {"BF16", 2},
      {"I16", 2}, {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
  for (const auto& [name, size] : kSizes) {
    if (name == dtype) return size;
  }
  return 0;
}

// a * b, or false where it does not fit.
bool multiply(uint64_t a, uint64_t b, uint64_t* product) {
  if (b != 0 && a > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / b) return false;
  *product = a * b;
  return true;
}

uint64_t little_endian(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | std::to_integer<uint64_t>(bytes[i]);
  return value;
}

// A tensor's entry in the header, checked; what is wrong comes back in words.
std::string read_entry(const json& entry, std::span<const std::byte> data, TensorEntry* tensor,
                       std::pair<uint64_t, uint64_t>* range) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) return "has no \"dtype\"";
  tensor->dtype = entry["dtype"].get<std::string>();
  // Of a type that nobody here reads only the place is checked: a network that asks for such a tensor says so.
  const size_t size = element_size(tensor->dtype);

  if (!entry.contains("shape") || !entry["shape"].is_array()) return "has no \"shape\"";
  if (entry["shape"].size() > 16)
    return "has " + std::to_string(entry["shape"].size()) + " dimensions; at most 16 are read";
  uint64_t bytes = std::max<size_t>(size, 1);
  for (const json& extent : entry["shape"]) {
    // by itself too: beside a 0 it would pass, and come out negative
    uint64_t alone = 0;
    if (!extent.is_number_unsigned() || !multiply(extent.get<uint64_t>(), 1, &alone) ||
        !multiply(bytes, alone, &bytes)) {
      return "has an impossible shape";
    }
    tensor->shape.push_back(extent.get<int64_t>());
  }

  const json offsets = entry.value("data_offsets", json());
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return "has no \"data_offsets\"";
  }
  const uint64_t begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  if (begin > end || end > data.size()) {
    return "lies at bytes " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
           std::to_string(data.size());
  }
  if (size != 0 && end - begin != bytes) {
    return "needs " + std::to_string(bytes) + " bytes for its shape and dtype, and has " + std::to_string(end - begin);
  }
  tensor->data = data.subspan(begin, end - begin);
  *range = {begin, end};
  return {};
}

}  // namespace

int64_t TensorEntry::elements() const {
  int64_t product = 1;  // fits: parse() saw to it
  for (const int64_t extent : shape) product *= extent;
  return product;
}

Result<Safetensors> Safetensors::parse(std::span<const std::byte> bytes, const std::string& origin) {
  const auto invalid = [&](const std::string& what) { return Status(StatusCode::kInvalidModel, origin + " " + what); };
  if (const std::string found = binary_impostor(bytes); !found.empty()) return invalid(found);
  if (bytes.size() < 8) return invalid("is no safetensors file: it has " + std::to_string(bytes.size()) + " bytes");
  const uint64_t header_bytes = little_endian(bytes.first(8));
  if (header_bytes > kLongestHeader || header_bytes > bytes.size() - 8) {
    return invalid("is no safetensors file, or truncated: it announces a header of " + std::to_string(header_bytes) +
                   " bytes, and has " + std::to_string(bytes.size() - 8));
  }
  const auto* const text = reinterpret_cast<const char*>(bytes.data() + 8);

  // The parser keeps a repeated key's last value, so keys are counted as they come.
  std::string repeated;
  std::map<std::string, int> seen;
  const json header = json::parse(
      text, text + header_bytes,
      [&](int depth, json::parse_event_t event, json& parsed) {
        if (depth > 8) return false;
        if (event == json::parse_event_t::key && depth == 1 && ++seen[parsed.get<std::string>()] > 1)
          repeated = parsed.get<std::string>();
        return true;
      },
      /*allow_exceptions=*/false);
  if (!header.is_object()) return invalid("has a header that is no JSON object");
  if (!repeated.empty()) return invalid("names the tensor " + in_message(repeated) + " twice");

  Safetensors file;
  std::vector<std::pair<std::pair<uint64_t, uint64_t>, std::string>> ranges;
  const std::span<const std::byte> data = bytes.subspan(8 + header_bytes);
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      for (const auto& [key, value] : entry.items()) {
        if (value.is_string()) file.metadata_.emplace(key, value.get<std::string>());
      }
      continue;
    }
    TensorEntry tensor;
    std::pair<uint64_t, uint64_t> range;
    const std::string wrong = read_entry(entry, data, &tensor, &range);
    if (!wrong.empty()) return invalid("is damaged or truncated: tensor " + in_message(name) + " " + wrong);
    if (range.first != range.second) ranges.emplace_back(range, name);
    if (!name.starts_with(kPadding)) file.entries_.emplace(name, std::move(tensor));
  }
  // The format leaves no room for anything else: tensors lie one behind another, from the first byte to the last.
  std::sort(ranges.begin(), ranges.end());
  uint64_t end = 0;
  std::string before;
  for (const auto& [range, name] : ranges) {
    if (range.first < end)
      return invalid("is damaged: tensors " + in_message(before) + " and " + in_message(name) + " overlap");
    if (range.first > end)
      return invalid("is damaged: bytes " + std::to_string(end) + " to " + std::to_string(range.first) +
                     " belong to no tensor");
    end = range.second;
    before = name;
  }
  if (end != data.size())
    return invalid("is damaged: bytes " + std::to_string(end) + " to " + std::to_string(data.size()) +
                   " belong to no tensor");
  return file;
}

const TensorEntry* Safetensors::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

Safetensors Safetensors::below(std::string_view prefix, std::span<const std::byte> from,
                               std::span<const std::byte> to) const {
  Safetensors part;
  for (auto found = entries_.lower_bound(prefix); found != entries_.end() && found->first.starts_with(prefix);
       ++found) {
    TensorEntry entry = found->second;
    if (!entry.data.empty())
      entry.data = to.subspan(static_cast<size_t>(entry.data.data() - from.data()), entry.data.size());
    part.entries_.emplace(found->first.substr(prefix.size()), std::move(entry));
  }
  return part;
}

namespace {

std::vector<TensorSource> with_padding(std::vector<TensorSource> tensors, size_t alignment) {
  static constexpr std::byte kZeros[kDataAlignment] = {};
  std::vector<TensorSource> padded;
  size_t offset = 0, paddings = 0;
  for (TensorSource& tensor : tensors) {
    if (const size_t gap = (alignment - offset % alignment) % alignment; gap != 0) {
      padded.push_back(tensor_in_memory(std::string(kPadding) + std::to_string(paddings++), "U8",
                                        {static_cast<int64_t>(gap)}, std::span(kZeros, gap)));
      offset += gap;
    }
    offset += tensor.bytes;
    padded.push_back(std::move(tensor));
  }
  return padded;
}

}  // namespace

Status append_safetensors(AtomicFile& file, std::vector<TensorSource> tensors, const Safetensors::Metadata& metadata,
                          size_t alignment, const std::function<bool()>& cancelled) {
  tensors = with_padding(std::move(tensors), alignment);
  json header = json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  size_t offset = 0;
  for (const TensorSource& tensor : tensors) {
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + tensor.bytes}}};
    offset += tensor.bytes;
  }
  std::string text = header.dump();
  text.resize((8 + text.size() + kDataAlignment - 1) / kDataAlignment * kDataAlignment - 8, ' ');

  uint8_t length[8];
  for (int i = 0; i < 8; ++i) length[i] = static_cast<uint8_t>(static_cast<uint64_t>(text.size()) >> (8 * i));
  Status status = file.write(length, sizeof length);
  if (status.ok()) status = file.write(text.data(), text.size());
  std::vector<std::byte> piece;
  for (const TensorSource& tensor : tensors) {
    for (size_t at = 0; status.ok() && at < tensor.bytes; at += kPiece) {
      if (cancelled && cancelled())
        return Status(StatusCode::kCancelled, "cancelled: " + file.name() + " was not written");
      piece.resize(std::min(kPiece, tensor.bytes - at));
      tensor.fill(at, piece);
      status = file.write(piece.data(), piece.size());
    }
  }
  return status;
}

Status write_safetensors(const std::string& path, std::vector<TensorSource> tensors,
                         const Safetensors::Metadata& metadata, size_t alignment,
                         const std::function<bool()>& cancelled) {
  Result<AtomicFile> file = AtomicFile::open(path);
  if (!file.ok()) return file.status();
  Status status = append_safetensors(*file, std::move(tensors), metadata, alignment, cancelled);
  return status.ok() ? file->commit() : status;
}

TensorSource tensor_in_memory(std::string name, std::string dtype, std::vector<int64_t> shape,
                              std::span<const std::byte> bytes) {
  return {std::move(name), std::move(dtype), std::move(shape), bytes.size(),
          [bytes](size_t offset, std::span<std::byte> piece) {
            std::memcpy(piece.data(), bytes.data() + offset, piece.size());
          }};
}

TensorSource float32_tensor(std::string name, std::vector<int64_t> shape, std::span<const float> values) {
  return tensor_in_memory(std::move(name), "F32", std::move(shape), std::as_bytes(values));
}

}  // namespace mobilediffusion
