// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/packed_weights.h"

#include <xnnpack.h>

#include <cstring>
#include <utility>

namespace mobilediffusion::kernels {

// XNNPACK asks by the weights' address and a number that sums up the layout. The address says nothing to us, since the
// weights may not have been read at all: the operator's name stands for it. An offset is an address here.
struct PackedWeights::Provider {
  static PackedWeights& self(void* context) { return *static_cast<PackedWeights*>(context); }

  static size_t look_up(void* context, const xnn_weights_cache_look_up_key* key) {
    const Entry* const entry = self(context).usable(key->seed);
    return entry == nullptr ? SIZE_MAX : reinterpret_cast<size_t>(entry->bytes.data());
  }

  // XNNPACK leaves what it rounds up to as it is: what memory held before would go into files, which would never be
  // alike.
  static void* reserve_space(void* context, size_t bytes) {
    void* const memory = self(context).reserve(bytes);
    if (memory != nullptr) std::memset(memory, 0, bytes);
    return memory;
  }

  static size_t insert(void* context, const xnn_weights_cache_look_up_key* key, void* memory, size_t bytes) {
    PackedWeights& weights = self(context);
    if (memory == nullptr) {  // found before, and told of its size only now
      const Entry* const entry = weights.usable(key->seed);
      if (entry == nullptr || entry->bytes.size() != bytes) weights.mismatched_ = true;
      return entry == nullptr ? SIZE_MAX : reinterpret_cast<size_t>(entry->bytes.data());
    }
    weights.add_prepared({key->seed, {static_cast<const std::byte*>(memory), bytes}});
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
  prepare(name);
  return provider_.get();
}

void PackedWeights::prepare(std::string_view name) {
  name_ = name;
  if (memory_.size() == memory_.capacity()) memory_.reserve(2 * memory_.size() + 16);
  Entries entry;
  entry.emplace(name, Entry{});
  prepared_ = entry.extract(entry.begin());
}

void PackedWeights::add_prepared(const Entry& entry) noexcept {
  const auto found = entries_.find(name_);
  if (found != entries_.end()) {
    found->second = entry;
  } else {
    prepared_.mapped() = entry;
    entries_.insert(std::move(prepared_));
  }
}

const PackedWeights::Entry* PackedWeights::usable(uint32_t layout) noexcept {
  const auto found = entries_.find(name_);
  if (found == entries_.end()) return nullptr;
  if (found->second.layout == layout) return &found->second;
  mismatched_ = true;
  return nullptr;
}

std::span<const std::byte> PackedWeights::keep(std::string_view name, uint32_t layout, size_t size, const Fill& fill) {
  prepare(name);
  if (contains(name)) {
    const Entry* const entry = usable(layout);
    if (entry != nullptr && entry->bytes.size() != size) mismatched_ = true;
    return mismatched_ ? std::span<const std::byte>() : entry->bytes;
  }
  auto* const memory = static_cast<std::byte*>(reserve(size));
  if (memory == nullptr) return {};
  fill({memory, size});
  const std::span<const std::byte> kept(memory, size);
  add_prepared({layout, kept});
  return kept;
}

std::span<const std::byte> PackedWeights::keep(std::string_view name, uint32_t layout,
                                               std::span<const std::byte> bytes) {
  return keep(name, layout, bytes.size(), [&](std::span<std::byte> memory) {
    if (!bytes.empty()) std::memcpy(memory.data(), bytes.data(), bytes.size());  // without any, data() may be null
  });
}

void* PackedWeights::reserve(size_t bytes) noexcept {
  if (mismatched_) return nullptr;  // the operator was told that its weights are here, and has none to pack
  auto* const memory = static_cast<std::byte*>(allocate(bytes, kAlignment));
  if (memory != nullptr) memory_.emplace_back(memory);
  return memory;
}

}  // namespace mobilediffusion::kernels
