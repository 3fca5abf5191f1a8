// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/c/loras.h"

#include <string>

namespace mobilediffusion::c {

Result<std::vector<Lora>> loras_of(const md_lora* given, size_t count) {
  if (given == nullptr && count > 0)
    return Status(StatusCode::kInvalidArgument, "loras is NULL, and lora_count is " + std::to_string(count));
  std::vector<Lora> loras;
  for (size_t i = 0; i < count; ++i) {
    if (given[i].path == nullptr)
      return Status(StatusCode::kInvalidArgument, "loras[" + std::to_string(i) + "].path must not be NULL");
    loras.push_back({given[i].path, given[i].weight});
  }
  return loras;
}

}  // namespace mobilediffusion::c
