// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/kept_weights.h"

#include <string>

namespace mobilediffusion::kernels {

KeptWeights::KeptWeights(std::string_view name, const Packing& packing, uint32_t layout, size_t size,
                         const PackedWeights::Fill& fill, Status& status) {
  if (packing.store == nullptr) own_ = std::make_unique<PackedWeights>();
  PackedWeights& store = own_ != nullptr ? *own_ : *packing.store;
  bytes_ = store.keep(name, layout, size, fill);
  if (bytes_.data() == nullptr && !store.mismatched())
    status = Status(StatusCode::kOutOfMemory, "out of memory: packing " + std::string(name));
}

}  // namespace mobilediffusion::kernels
