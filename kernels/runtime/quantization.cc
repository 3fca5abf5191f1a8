// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/runtime/quantization.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mobilediffusion::kernels {

Quantization quantization_of(float least, float greatest) {
  least = std::min(least, 0.0f);
  greatest = std::max(greatest, 0.0f);
  const float scale = (greatest - least) / 255.0f;
  if (!std::isfinite(scale)) return {0, std::numeric_limits<float>::quiet_NaN()};
  if (!(scale > 0.0f) || !std::isfinite(1.0f / scale)) return {0, 1.0f};
  return {static_cast<int32_t>(std::lrint(std::clamp(-128.0f - least / scale, -128.0f, 127.0f))), scale};
}

}  // namespace mobilediffusion::kernels
