// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Where a network's weights come from, bound by name once, while the network is built. The first thing that is wrong is
// latched, so that a network's constructor reads like its definition and the loader asks for the status at its end.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "mobilediffusion/status.h"

namespace mobilediffusion {

// A shape in a message: "(320, 4, 3, 3)".
std::string in_message(std::span<const int64_t> shape);

class WeightSource {
 public:
  virtual ~WeightSource() = default;

  // The tensor of that name, which must have that shape. Without data where it is missing or wrong (and latched).
  virtual kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) = 0;

  // Whether there is a tensor of that name, for parts that files name in several ways.
  virtual bool has(const std::string& /*name*/) const { return false; }

  // Its values have been packed and are not read again.
  virtual void release(const kernels::WeightView& /*weight*/) {}

  // What the next tensor will be computed in.
  virtual void announce(kernels::Precision /*precision*/) {}

  Status& status() { return status_; }

 private:
  Status status_;
};

// Has no data and keeps the list of what was asked for: what a network is made of.
class ManifestWeights : public WeightSource {
 public:
  // Of parts that files name in several ways, those names count that `file` has. Null: the usual names.
  explicit ManifestWeights(const WeightSource* file = nullptr) : file_(file) {}

  struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    kernels::Precision precision = kernels::Precision::kFloat32;  // what it is computed in

    int64_t elements() const;
  };

  kernels::WeightView get(const std::string& name, std::span<const int64_t> shape) override;
  bool has(const std::string& name) const override { return file_ != nullptr && file_->has(name); }
  void announce(kernels::Precision precision) override { announced_ = precision; }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  const WeightSource* file_;
  std::vector<Entry> entries_;
  kernels::Precision announced_ = kernels::Precision::kFloat32;
};

// A place in a network: the names of what lies below it begin with its own.
class Scope {
 public:
  // `network` names the whole in messages and traces: "unet".
  Scope(WeightSource& source, std::string network, const kernels::Packing& packing)
      : source_(&source), network_(std::move(network)), packing_(packing) {}

  Scope operator/(std::string_view part) const;
  Scope operator/(int index) const { return *this / std::to_string(index); }

  kernels::WeightView get(std::string_view name, std::initializer_list<int64_t> shape) const;
  bool has(std::string_view name) const { return source_->has((*this / name).prefix_); }
  void release(const kernels::WeightView& weight) const { source_->release(weight); }
  std::string name() const { return prefix_.empty() ? network_ : network_ + "." + prefix_; }
  const kernels::Packing& packing() const { return packing_; }

  // The same place, computed in another precision.
  Scope in(kernels::Precision precision) const;
  Status& status() const { return source_->status(); }

 private:
  WeightSource* source_;
  std::string network_;
  std::string prefix_;
  kernels::Packing packing_;
};

}  // namespace mobilediffusion
