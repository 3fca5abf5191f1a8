// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The safetensors format: eight bytes of length, a JSON header, then the tensors' bytes. Read without a copy, and
// strictly: whoever made the file may be hostile.
//
// The format wants tensors one behind another, without holes. Where they should begin at multiples of an alignment,
// the header is padded with spaces, as it allows, and what lies between two tensors is a tensor by itself, of U8 and
// named "__padding__/0", "__padding__/1"...: others see it as one more, and here it is left out when it is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/file_io.h"

namespace mobilediffusion {

struct TensorEntry {
  std::string dtype;  // as the format names it: F32, F16, BF16, I64, ...
  std::vector<int64_t> shape;
  std::span<const std::byte> data;  // may be misaligned

  int64_t elements() const;
};

class Safetensors {
 public:
  using Entries = std::map<std::string, TensorEntry, std::less<>>;
  using Metadata = std::map<std::string, std::string>;

  // Views of `bytes`, which must outlive them. `origin` is the file's name for the messages.
  // Errors: kInvalidModel with what is wrong.
  static Result<Safetensors> parse(std::span<const std::byte> bytes, const std::string& origin);

  const Entries& entries() const { return entries_; }
  const Metadata& metadata() const { return metadata_; }
  const TensorEntry* find(std::string_view name) const;  // null where there is none

  // The tensors whose names begin with `prefix`, by the rest of their names, where the bytes `from` of this file are at
  // `to`, too. Those tensors must lie in them.
  Safetensors below(std::string_view prefix, std::span<const std::byte> from, std::span<const std::byte> to) const;

 private:
  Entries entries_;
  Metadata metadata_;
};

// A tensor to be written: its values come in pieces, so that no large one is held whole.
struct TensorSource {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
  size_t bytes = 0;
  // Puts the tensor's bytes [offset, offset + piece.size()) into `piece`.
  std::function<void(size_t offset, std::span<std::byte> piece)> fill;
};

// Writes the tensors in the order given, the first at a multiple of 64 bytes and the others at multiples of
// `alignment`, which divides 64; the file appears whole or not at all. Asked `cancelled` between pieces, it gives up
// with kCancelled.
Status write_safetensors(const std::string& path, std::vector<TensorSource> tensors,
                         const Safetensors::Metadata& metadata = {}, size_t alignment = 1,
                         const std::function<bool()>& cancelled = {});

// The same behind what a file holds already, a multiple of 64 bytes. What was not committed is not there.
Status append_safetensors(AtomicFile& file, std::vector<TensorSource> tensors,
                          const Safetensors::Metadata& metadata = {}, size_t alignment = 1,
                          const std::function<bool()>& cancelled = {});

// A tensor that is in memory, and stays there until it is written.
TensorSource tensor_in_memory(std::string name, std::string dtype, std::vector<int64_t> shape,
                              std::span<const std::byte> bytes);
TensorSource float32_tensor(std::string name, std::vector<int64_t> shape, std::span<const float> values);

}  // namespace mobilediffusion
