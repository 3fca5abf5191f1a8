// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Weights in the order that operators read them in, by the operator's name: kept here as they are packed, or found
// here, in memory that someone maps out of a file, where they were packed before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/runtime/allocation.h"
#include "kernels/runtime/precision.h"

struct xnn_weights_cache_provider;

namespace mobilediffusion::kernels {

// Must outlive the operators that were made with it. One thread at a time makes operators with one object; any number
// may run them.
class PackedWeights {
 public:
  struct Entry {
    uint32_t layout = 0;  // what the packer says of its tile's shape: another one cannot read these bytes
    std::span<const std::byte> bytes;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  PackedWeights();
  ~PackedWeights();
  PackedWeights(const PackedWeights&) = delete;
  PackedWeights& operator=(const PackedWeights&) = delete;

  // What was packed before. The bytes must be aligned to kAlignment and outlive this object.
  void add(std::string name, const Entry& entry) { entries_.insert_or_assign(std::move(name), entry); }
  bool contains(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  const Entries& entries() const { return entries_; }

  // True where an operator could not use the bytes of its name: whoever added them had better pack anew.
  bool mismatched() const { return mismatched_; }

  // True where an operator found nothing under its name and packed its weights itself.
  bool grown() const { return !memory_.empty(); }

  // The bytes that were added under a name; where there are none, as many as `size`, which `fill` is called to write
  // and which are kept from now on. Empty, and mismatched(), where what was added has another layout or size; empty as
  // well where there is no memory.
  using Fill = std::function<void(std::span<std::byte>)>;
  std::span<const std::byte> keep(std::string_view name, uint32_t layout, size_t size, const Fill& fill);

  // The same with a copy of `bytes`.
  std::span<const std::byte> keep(std::string_view name, uint32_t layout, std::span<const std::byte> bytes);

  // XNNPACK's view, for making the operator of that name.
  xnn_weights_cache_provider* provider(std::string_view name);

  static constexpr size_t kAlignment = 64;

 private:
  struct Free {
    void operator()(std::byte* memory) const { release(memory); }
  };
  struct Provider;

  // Names the entry that comes next and allocates what keeping it takes: no exception could pass through XNNPACK, which
  // calls the three below.
  void prepare(std::string_view name);
  const Entry* usable(uint32_t layout) noexcept;
  void* reserve(size_t bytes) noexcept;
  void add_prepared(const Entry& entry) noexcept;

  Entries entries_;
  std::vector<std::unique_ptr<std::byte, Free>> memory_;
  std::unique_ptr<xnn_weights_cache_provider> provider_;
  std::string name_;             // of the operator that is being made
  Entries::node_type prepared_;  // for it
  bool mismatched_ = false;
};

// How an operator packs its weights.
struct Packing {
  Packing(Precision how, PackedWeights* where = nullptr) : precision(how), store(where) {}

  // Whether an operator of that name need not see its weights.
  bool holds(std::string_view name) const { return store != nullptr && store->contains(name); }

  // What XNNPACK is given to make the operator of that name with; null: it keeps the packed weights itself.
  xnn_weights_cache_provider* provider(std::string_view name) const {
    return store == nullptr ? nullptr : store->provider(name);
  }

  Precision precision;
  PackedWeights* store;  // null: the operator's own memory
};

}  // namespace mobilediffusion::kernels
