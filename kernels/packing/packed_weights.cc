// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/packed_weights.h"

#include <xnnpack.h>

#include <cstring>

namespace mobilediffusion::kernels {

// XNNPACK asks by the weights' address and a number that sums up the layout. The address says nothing to us, since the
// weights may not have been read at all: the operator's name stands for it. An offset is an address here.
struct PackedWeights::Provider {
  static PackedWeights& self(void* context) { return *static_cast<PackedWeights*>(context); }

  static size_t look_up(void* context, const xnn_weights_cache_look_up_key* key) {
    const Entry* const entry = self(context).usable(key->seed);
    return entry == nullptr ? SIZE_MAX : reinterpret_cast<size_t>(entry->bytes.data());
  }

  static void* reserve_space(void* context, size_t bytes) { return self(context).reserve(bytes); }

  static size_t insert(void* context, const xnn_weights_cache_look_up_key* key, void* memory, size_t bytes) {
    PackedWeights& weights = self(context);
    if (memory == nullptr) {  // found before, and told of its size only now
      const Entry* const entry = weights.usable(key->seed);
      if (entry == nullptr || entry->bytes.size() != bytes) weights.mismatched_ = true;
      return entry == nullptr ? SIZE_MAX : reinterpret_cast<size_t>(entry->bytes.data());
    }
    weights.add(weights.name_, {key->seed, {static_cast<const std::byte*>(memory), bytes}});
    return reinterpret_cast<size_t>(memory);
  }

  static bool is_finalized(void* /*context*/) { return true; }  // an entry never moves
  static void* address(void* /*context*/, size_t offset) { return reinterpret_cast<void*>(offset); }
  static xnn_status destroy(void* /*context*/) { return xnn_status_success; }
};

PackedWeights::PackedWeights()
    : provider_(new xnn_weights_cache_provider{this, Provider::look_up, Provider::reserve_space, Provider::insert,
                                               Provider::is_finalized, Provider::address, Provider::destroy}) {}

PackedWeights::~PackedWeights() = default;

xnn_weights_cache_provider* PackedWeights::provider(std::string_view name) {
  name_ = name;
  return provider_.get();
}

const PackedWeights::Entry* PackedWeights::usable(uint32_t layout) {
  const auto found = entries_.find(name_);
  if (found == entries_.end()) return nullptr;
  if (found->second.layout == layout) return &found->second;
  mismatched_ = true;
  return nullptr;
}

std::span<const std::byte> PackedWeights::keep(std::string_view name, uint32_t layout,
                                               std::span<const std::byte> bytes) {
  name_ = name;
  if (contains(name)) {
    const Entry* const entry = usable(layout);
    if (entry != nullptr && entry->bytes.size() != bytes.size()) mismatched_ = true;
    return mismatched_ ? std::span<const std::byte>() : entry->bytes;
  }
  void* const memory = reserve(bytes.size());
  if (memory == nullptr) return {};
  if (!bytes.empty()) std::memcpy(memory, bytes.data(), bytes.size());  // without any, data() may be null
  const std::span<const std::byte> kept(static_cast<const std::byte*>(memory), bytes.size());
  add(name_, {layout, kept});
  return kept;
}

void* PackedWeights::reserve(size_t bytes) {
  if (mismatched_) return nullptr;  // the operator was told that its weights are here, and has none to pack
  auto* const memory = static_cast<std::byte*>(allocate(bytes, kAlignment));
  if (memory != nullptr) memory_.emplace_back(memory);
  return memory;
}

}  // namespace mobilediffusion::kernels
