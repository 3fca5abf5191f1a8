// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What an operator of ours packed: in packing.store or, where there is none, in memory of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "kernels/packing/packed_weights.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion::kernels {

class KeptWeights {
 public:
  KeptWeights() = default;

  // As PackedWeights::keep() has it. A shortage of memory is put into `status`; of what does not match the store tells.
  KeptWeights(std::string_view name, const Packing& packing, uint32_t layout, size_t size,
              const PackedWeights::Fill& fill, Status& status);

  const std::byte* data() const { return bytes_.data(); }

  // Bytes that are held here and not in packing.store.
  int64_t own_bytes() const { return own_ == nullptr ? 0 : static_cast<int64_t>(bytes_.size()); }

 private:
  std::unique_ptr<PackedWeights> own_;
  std::span<const std::byte> bytes_;
};

}  // namespace mobilediffusion::kernels
