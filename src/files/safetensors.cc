// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "src/files/file_io.h"
#include "src/files/impostor.h"
#include "src/files/in_message.h"
#include "src/files/json_document.h"
#include "src/files/json_text.h"

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

// Numbers of a tensor's entry: no more of them are kept than any entry may have.
struct NumberList {
  static constexpr size_t kMost = 16;
  bool given = false;
  bool whole = true;  // whether what is kept was numbers, none below zero
  size_t size = 0;    // of the list
  std::array<uint64_t, kMost> numbers{};

  void add(const json& found) {
    if (size++ >= kMost) return;
    whole = whole && found.is_number_unsigned();
    if (whole) numbers[size - 1] = found.get<uint64_t>();
  }
};

// A tensor's entry in the header, as it stands there.
struct HeaderEntry {
  std::optional<std::string> dtype;
  NumberList shape, offsets;
};

// What is wrong with an entry comes back in words.
std::string check_entry(HeaderEntry& entry, std::span<const std::byte> data, TensorEntry* tensor) {
  if (!entry.dtype) return "has no \"dtype\"";
  tensor->dtype = std::move(*entry.dtype);
  // Of a type that nobody here reads only the place is checked: a network that asks for such a tensor says so.
  const size_t size = element_size(tensor->dtype);

  const NumberList& shape = entry.shape;
  if (!shape.given) return "has no \"shape\"";
  if (shape.size > NumberList::kMost)
    return "has " + std::to_string(shape.size) + " dimensions; at most " + std::to_string(NumberList::kMost) +
           " are read";
  uint64_t bytes = std::max<size_t>(size, 1);
  for (size_t i = 0; i < shape.size; ++i) {
    // by itself too: beside a 0 it would pass, and come out negative
    uint64_t alone = 0;
    if (!shape.whole || !multiply(shape.numbers[i], 1, &alone) || !multiply(bytes, alone, &bytes))
      return "has an impossible shape";
    tensor->shape.push_back(static_cast<int64_t>(alone));
  }

  const NumberList& offsets = entry.offsets;
  if (!offsets.given || offsets.size != 2 || !offsets.whole) return "has no \"data_offsets\"";
  const uint64_t begin = offsets.numbers[0], end = offsets.numbers[1];
  if (begin > end || end > data.size()) {
    return "lies at bytes " + std::to_string(begin) + " to " + std::to_string(end) + " of " +
           std::to_string(data.size());
  }
  if (size != 0 && end - begin != bytes) {
    return "needs " + std::to_string(bytes) + " bytes for its shape and dtype, and has " + std::to_string(end - begin);
  }
  tensor->data = data.subspan(begin, end - begin);
  return {};
}

// Reads a header tensor by tensor: a tree of thousands would take many times what is kept of them.
class HeaderReader : public JsonEvents {
 public:
  // `entries` gets one for every name of the header, the metadata's too.
  HeaderReader(std::span<const std::byte> data, Safetensors::Entries& entries, Safetensors::Metadata& metadata)
      : data_(data), entries_(entries), metadata_(metadata) {}

  // A name that stands there more than once, the last such; and of the tensors with something wrong the first by name.
  const std::string& repeated() const { return repeated_; }
  const std::string& wrong_name() const { return wrong_name_; }
  const std::string& wrong() const { return wrong_; }

  bool value(json found) override {
    if (depth_ == 0 && !found.is_object()) return false;
    if (depth_ == 1) {
      is_object_ = found.is_object();
      entry_ = {};
    }
    if (depth_ == 2 && is_object_) take_field(found);
    if (depth_ == 3 && list_ != nullptr) list_->add(found);
    if (found.is_structured()) {
      ++depth_;
    } else if (depth_ == 1) {
      end_entry();
    }
    return true;
  }

  // Of what stands twice within an entry, the last counts.
  bool key(std::string& name) override {
    if (depth_ == 1) {
      const auto [place, is_new] = entries_.try_emplace(name);
      if (!is_new) repeated_ = place->first;
      tensor_ = place;
    } else if (depth_ == 2) {
      field_ = name;
      if (field_ == "dtype") entry_.dtype.reset();
      if (field_ == "shape") entry_.shape = {};
      if (field_ == "data_offsets") entry_.offsets = {};
      if (in_metadata()) metadata_.erase(field_);
    }
    return true;
  }

  bool end() override {
    if (--depth_ == 1) end_entry();
    if (depth_ <= 2) list_ = nullptr;
    return true;
  }

 private:
  bool in_metadata() const { return tensor_->first == kMetadata; }

  void take_field(const json& found) {
    if (found.is_array() && field_ == "shape") list_ = &entry_.shape;
    if (found.is_array() && field_ == "data_offsets") list_ = &entry_.offsets;
    if (list_ != nullptr) list_->given = true;
    if (!found.is_string()) return;
    if (in_metadata()) metadata_[field_] = found.get<std::string>();
    if (field_ == "dtype") entry_.dtype = found.get<std::string>();
  }

  void end_entry() {
    if (in_metadata()) return;
    auto& [name, tensor] = *tensor_;
    std::string wrong = check_entry(entry_, data_, &tensor);
    if (wrong.empty() || (!wrong_.empty() && wrong_name_ <= name)) return;
    wrong_name_ = name;
    wrong_ = std::move(wrong);
  }

  const std::span<const std::byte> data_;
  Safetensors::Entries& entries_;
  Safetensors::Metadata& metadata_;
  std::string repeated_, wrong_name_, wrong_;

  size_t depth_ = 0;  // lists and objects that have not ended: 1 in the header, 2 in an entry, 3 in its shape
  Safetensors::Entries::iterator tensor_;
  bool is_object_ = false;  // whether the entry is one
  HeaderEntry entry_;
  std::string field_;
  NumberList* list_ = nullptr;  // of the entry, that is being read
};

// The format leaves no room for anything else: tensors lie one behind another, from the first byte to the last. What is
// wrong comes back in words.
std::string check_order(const Safetensors::Entries& entries, std::span<const std::byte> data) {
  struct Place {
    uint64_t begin, end;
    const std::string* name;
  };
  std::vector<Place> places;
  for (const auto& [name, tensor] : entries) {
    if (tensor.data.empty()) continue;
    const auto begin = static_cast<uint64_t>(tensor.data.data() - data.data());
    places.push_back({begin, begin + tensor.data.size(), &name});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.begin, a.end, *a.name) < std::tie(b.begin, b.end, *b.name);
  });
  const auto unowned = [](uint64_t begin, uint64_t end) {
    return "bytes " + std::to_string(begin) + " to " + std::to_string(end) + " belong to no tensor";
  };
  uint64_t end = 0;
  const std::string* before = nullptr;
  for (const Place& place : places) {
    if (place.begin < end) return "tensors " + in_message(*before) + " and " + in_message(*place.name) + " overlap";
    if (place.begin > end) return unowned(end, place.begin);
    end = place.end;
    before = place.name;
  }
  return end == data.size() ? std::string() : unowned(end, data.size());
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
  const std::string_view header(reinterpret_cast<const char*>(bytes.data() + 8), header_bytes);
  const std::span<const std::byte> data = bytes.subspan(8 + header_bytes);

  Safetensors file;
  HeaderReader reader(data, file.entries_, file.metadata_);
  if (!read_json(header, reader)) return invalid("has a header that is no JSON object");
  if (!reader.repeated().empty()) return invalid("names the tensor " + in_message(reader.repeated()) + " twice");
  if (!reader.wrong().empty())
    return invalid("is damaged or truncated: tensor " + in_message(reader.wrong_name()) + " " + reader.wrong());
  if (const std::string wrong = check_order(file.entries_, data); !wrong.empty())
    return invalid("is damaged: " + wrong);
  std::erase_if(file.entries_,
                [](const auto& entry) { return entry.first == kMetadata || entry.first.starts_with(kPadding); });
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

// By the tensors' names, as most writers have it.
std::string header_text(const std::vector<TensorSource>& tensors, const Safetensors::Metadata& metadata) {
  std::map<std::string_view, std::string> members;
  if (!metadata.empty()) {
    JsonObjectText texts;
    for (const auto& [key, value] : metadata) texts.add(key, json_string(value));
    members[kMetadata] = texts.text();
  }
  size_t offset = 0;
  for (const TensorSource& tensor : tensors) {
    std::string shape;
    for (const int64_t extent : tensor.shape) shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    JsonObjectText entry;
    entry.add("data_offsets", "[" + std::to_string(offset) + "," + std::to_string(offset + tensor.bytes) + "]");
    entry.add("dtype", json_string(tensor.dtype));
    entry.add("shape", "[" + shape + "]");
    members[tensor.name] = entry.text();
    offset += tensor.bytes;
  }
  JsonObjectText header;
  for (const auto& [name, member] : members) header.add(name, member);
  return header.text();
}

}  // namespace

Status append_safetensors(AtomicFile& file, std::vector<TensorSource> tensors, const Safetensors::Metadata& metadata,
                          size_t alignment, const std::function<bool()>& cancelled) {
  tensors = with_padding(std::move(tensors), alignment);
  std::string text = header_text(tensors, metadata);
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
