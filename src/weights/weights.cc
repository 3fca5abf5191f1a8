// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/weights/weights.h"

namespace mobilediffusion {

std::string in_message(std::span<const int64_t> shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

int64_t ManifestWeights::Entry::elements() const {
  int64_t product = 1;
  for (const int64_t extent : shape) product *= extent;
  return product;
}

kernels::WeightView ManifestWeights::get(const std::string& name, std::span<const int64_t> shape) {
  entries_.push_back({name, {shape.begin(), shape.end()}, announced_});
  return {.shape = entries_.back().shape};
}

Scope Scope::operator/(std::string_view part) const {
  Scope below = *this;
  if (!below.prefix_.empty()) below.prefix_ += '.';
  below.prefix_ += part;
  return below;
}

Scope Scope::in(kernels::Precision precision) const {
  Scope same = *this;
  same.packing_.precision = precision;
  return same;
}

kernels::WeightView Scope::get(std::string_view name, std::initializer_list<int64_t> shape) const {
  source_->announce(packing_.precision);
  return source_->get((*this / name).prefix_, {shape.begin(), shape.size()});
}

}  // namespace mobilediffusion
