// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text_memory.h"

#include <algorithm>
#include <cstring>

namespace mobilediffusion {

kernels::Tensor TextMemory::find(kernels::Context& context, const std::vector<int>& ids) {
  const auto found = std::ranges::find(kept_, ids, &Entry::ids);
  if (found == kept_.end()) return {};
  kept_.splice(kept_.begin(), kept_, found);
  kernels::Tensor hidden = context.make(found->shape, found->format);
  if (context.ok()) std::memcpy(hidden.memory(), found->values.data(), found->values.size());
  return hidden;
}

void TextMemory::keep(const std::vector<int>& ids, const kernels::Tensor& hidden) {
  const auto size = static_cast<size_t>(hidden.shape().elements()) * size_of(hidden.format());
  if (hidden.memory() == nullptr || size > kMostBytes) return;
  const auto* const values = static_cast<const std::byte*>(hidden.memory());
  kept_.push_front({ids, hidden.shape(), hidden.format(), {values, values + size}});
  size_t bytes = 0;
  const auto first_too_many =
      std::ranges::find_if(kept_, [&](const Entry& entry) { return (bytes += entry.values.size()) > kMostBytes; });
  kept_.erase(first_too_many, kept_.end());
}

}  // namespace mobilediffusion
