// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A network that is in memory when it is needed: loaded once and kept, or loaded for its stage and dropped after it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/runtime/cancel_flag.h"
#include "src/model/config.h"
#include "src/weights/file_weights.h"
#include "src/weights/lora.h"
#include "src/weights/packed_cache.h"
#include "src/weights/precision.h"
#include "src/weights/weights.h"

namespace mobilediffusion {

// How networks are loaded.
struct NetworkLoading {
  kernels::Precision precision = kernels::Precision::kFloat32;
  MemoryUse memory = MemoryUse::kKeep;
  std::optional<PackedCache> cache;
  std::vector<Lora> wanted_loras;
  std::shared_ptr<const Loras> loras;  // opened; null: none
  std::function<void(LogLevel, std::string_view)> log;

  NetworkLoading() = default;

  // `options.precision` is a chosen one (weights/precision.h).
  explicit NetworkLoading(const LoadOptions& options)
      : precision(kernel_precision(options.precision)),
        memory(options.memory),
        wanted_loras(options.loras),
        log(options.log) {
    if (options.precision == Precision::kFloat16 && precision != kernels::Precision::kFloat16)
      warn("this processor has no half-precision arithmetic; float16 is computed in float32");
    if (!options.cache_folder.empty()) cache.emplace(options.cache_folder, options.cache_bytes);
  }

  void warn(const std::string& message) const {
    if (log) log(LogLevel::kWarning, message);
  }
};

// A file's tensors, their names, types and shapes alone.
class ShapesOf : public WeightSource {
 public:
  explicit ShapesOf(WeightSource& whole) : whole_(&whole) {}

  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override {
    kernels::WeightView view = whole_->get(name, shape);
    view.data = nullptr;
    return view;
  }
  bool has(const std::string& name) const override { return whole_->has(name); }

 private:
  WeightSource* whole_;
};

// A network's tensors, for as long as somebody wants the network: afterwards they have no data, which operators take
// for their shape alone, and the status says why.
class WantedWeights : public WeightSource {
 public:
  WantedWeights(WeightSource& whole, const kernels::CancelFlag& cancel) : whole_(&whole), cancel_(cancel) {}

  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override {
    if (status().ok() && cancel_.is_set()) status() = kernels::CancelFlag::status();
    if (!status().ok()) return {.shape = {shape.begin(), shape.end()}};
    kernels::WeightView view = whole_->get(name, shape);
    status() = whole_->status();
    return view;
  }
  bool has(const std::string& name) const override { return whole_->has(name); }
  void release(const kernels::WeightView& weight) override { whole_->release(weight); }
  void announce(kernels::Precision precision) override { whole_->announce(precision); }

 private:
  WeightSource* whole_;
  kernels::CancelFlag cancel_;
};

// What a network is computed in where `wanted` is asked for. An autoencoder's file may ask for more than half has; int8
// keeps its activations in half, too.
template <typename Config>
kernels::Precision precision_of(const Config& /*config*/, kernels::Precision wanted) {
  return wanted;
}
inline kernels::Precision precision_of(const DecoderConfig& config, kernels::Precision wanted) {
  return config.force_upcast ? kernels::Precision::kFloat32 : wanted;
}

template <typename Network, typename Config>
class NetworkSlot {
 public:
  // `name` is what messages and traces call it.
  NetworkSlot(const char* name, SourcePath weights_path, const Config& config)
      : name_(name), path_(std::move(weights_path)), config_(config) {}

  // Without weights, for a context that only counts.
  void describe() {
    ManifestWeights weights;
    network_ = std::make_unique<Network>(Scope(weights, name_, kernels::Precision::kFloat32), config_);
  }

  // Whether the file has what the network needs, without reading values. Errors: kNotFound, kIoError, kInvalidModel.
  Status check() const {
    Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(path_);
    if (!weights.ok()) return weights.status();
    ShapesOf shapes(**weights);
    const Network network(Scope(shapes, name_, kernels::Precision::kFloat32), config_);
    return (*weights)->status();
  }

  // What the network asks its weights for. Errors: kNotFound, kIoError, kInvalidModel.
  Result<std::vector<ManifestWeights::Entry>> tensors() const {
    Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(path_);
    if (!weights.ok()) return weights.status();
    ManifestWeights manifest(weights->get());
    const Network network(Scope(manifest, name_, kernels::Precision::kFloat32), config_);
    return manifest.entries();
  }

  // Loads the network unless it is loaded. Errors: kNotFound, kIoError, kInvalidModel, kNonFinite, kOutOfMemory,
  // kCancelled soon after the flag is set.
  Status load(const NetworkLoading& how, const kernels::CancelFlag& cancel = {}) {
    if (network_ != nullptr) return {};
    Result<std::unique_ptr<FileWeights>> weights = FileWeights::open(path_);
    if (!weights.ok()) return weights.status();
    const kernels::Precision precision = precision_of(config_, how.precision);
    if (!how.cache) return bind(**weights, how, nullptr, cancel);

    const PackedCache::Place cached =
        how.cache->place_for(name_, precision, **weights, how.loras ? how.loras->identity(name_) : "", cancel);
    if (cancel.is_set()) return kernels::CancelFlag::status();
    packed_ = std::make_unique<kernels::PackedWeights>();
    Result<std::optional<MappedFile>> file = how.cache->read(cached, *packed_, cancel);
    if (cancel.is_set()) return kernels::CancelFlag::status();
    if (!file.ok()) {
      how.warn(file.status().message() + "; it is made anew");
    } else if (*file) {
      mapped_ = std::move(*file);
      if (bind(**weights, how, packed_.get(), cancel).ok() && !packed_->grown()) return {};
      if (cancel.is_set()) {
        drop();
        return kernels::CancelFlag::status();
      }
      how.warn("the packed weights " + cached.path + " are not those of this network; it is made anew");
      drop();
      weights = FileWeights::open(path_);  // what went wrong is latched in the old one
      if (!weights.ok()) return weights.status();
    }
    packed_ = std::make_unique<kernels::PackedWeights>();
    if (Status status = bind(**weights, how, packed_.get(), cancel); !status.ok()) return status;
    if (!(*weights)->unchanged()) {
      how.warn("packed weights were not kept: " + path_.string() + " changed while it was read");
    } else if (Status status = how.cache->write(cached, *packed_, cancel); !status.ok() && !cancel.is_set()) {
      how.warn("packed weights were not kept: " + status.message());
    }
    return {};
  }

  void drop() {
    network_.reset();
    packed_.reset();
    mapped_.reset();
  }

  const Network& operator*() const { return *network_; }

 private:
  Status bind(FileWeights& weights, const NetworkLoading& how, kernels::PackedWeights* packed,
              const kernels::CancelFlag& cancel) {
    static const LowRankChanges none;
    ChangedWeights changed(weights, name_, how.loras ? how.loras->changes(name_) : none, packed);
    WantedWeights wanted(changed, cancel);
    network_ = std::make_unique<Network>(Scope(wanted, name_, {precision_of(config_, how.precision), packed}), config_);
    Status status = wanted.status();
    if (status.ok() && packed != nullptr && packed->mismatched())
      status = Status(StatusCode::kInvalidModel, "packed weights do not fit their operators");
    if (!status.ok()) network_.reset();
    return status;
  }

  const char* name_;
  SourcePath path_;
  Config config_;
  // Each rests on the one before.
  std::optional<MappedFile> mapped_;
  std::unique_ptr<kernels::PackedWeights> packed_;
  std::unique_ptr<Network> network_;
};

}  // namespace mobilediffusion
