// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/channels_last.h"

#include <cstdint>

namespace mobilediffusion::kernels {

std::vector<float> channels_last(const std::vector<float>& weight, const Conv2dSpec& spec) {
  const int64_t taps = int64_t{spec.kernel} * spec.kernel;
  const int64_t outer = spec.depthwise ? 1 : spec.out_channels;
  const int64_t inner = spec.in_channels;
  std::vector<float> to(weight.size());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) {
      for (int64_t t = 0; t < taps; ++t) to[(o * taps + t) * inner + i] = weight[(o * inner + i) * taps + t];
    }
  }
  return to;
}

}  // namespace mobilediffusion::kernels
