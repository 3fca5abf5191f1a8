// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A folder of packed weights, so that a model is packed once: the next load maps the file and reads nothing else. Each
// file is one network's, in the safetensors format, an operator's bytes a tensor; its name is a digest of everything
// that its bytes depend on (every byte of the weights, the precision, this library, XNNPACK's build, the processor), so
// a stale file is never found. It appears whole or not at all and is never written to again, so that processes may
// share it; every entry carries a checksum, which is read before it is used.
//
// What takes long looks at a flag now and then; where that is set, what it answers is kCancelled or, of place_for(), of
// no use.
//
// Weights are read through to be digested once. A small file beside the packed ones then remembers the digest and what
// the system says of the files (device, number, size, times); while all of that stays, they are not read again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kernels/packing/packed_weights.h"
#include "kernels/runtime/cancel_flag.h"
#include "mobilediffusion/status.h"
#include "src/files/mapped_file.h"
#include "src/weights/file_weights.h"

namespace mobilediffusion {

class PackedCache {
 public:
  // `folder` is made when it is first needed. Files that were not used for the longest time go when all together would
  // be larger than `most_bytes`, and so does what a crash left half-written a day ago.
  PackedCache(std::string folder, uint64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {}

  struct Place {
    std::string path;                 // of the packed weights
    std::string memory_path, memory;  // what is to be remembered of the weights' files, and where; empty: nothing new
  };

  // Where the packed weights of a network belong, once its weights are open. `changes` tells apart what is added to
  // them when they are read; empty: nothing.
  Place place_for(std::string_view network, kernels::Precision precision, const FileWeights& weights,
                  const std::string& changes = "", const kernels::CancelFlag& cancel = {}) const;

  // Adds what a file holds to `packed`, which the mapping must outlive. Without a file, nothing; one that is damaged is
  // kInvalidModel.
  Result<std::optional<MappedFile>> read(const Place& place, kernels::PackedWeights& packed,
                                         const kernels::CancelFlag& cancel = {}) const;

  // Errors: kNotFound, kIoError; and kInvalidArgument, with nothing written, where the file alone would be too large.
  Status write(const Place& place, const kernels::PackedWeights& packed, const kernels::CancelFlag& cancel = {}) const;

 private:
  uint64_t content_of(const FileWeights& weights, Place* place, const kernels::CancelFlag& cancel) const;
  void remember(const Place& place) const;
  void make_room(uint64_t bytes) const;

  std::string folder_;
  uint64_t most_bytes_;
};

}  // namespace mobilediffusion
