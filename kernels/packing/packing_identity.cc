// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/packing_identity.h"

#include <xnnpack.h>

#include <cstdint>

#include "hwy/targets.h"
#include "kernels/runtime/processor_identity.h"

namespace mobilediffusion::kernels {

std::string packing_identity() {
  const auto* const build = static_cast<const uint8_t*>(xnn_experimental_get_build_identifier_data());
  std::string text;
  for (size_t i = 0; i < xnn_experimental_get_build_identifier_size(); ++i) text += std::to_string(build[i]) + ",";
  return text + "\n" + std::to_string(hwy::SupportedTargets()) + "\n" + processor_identity();
}

}  // namespace mobilediffusion::kernels
