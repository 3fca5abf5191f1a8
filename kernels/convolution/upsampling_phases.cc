// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/upsampling_phases.h"

#include <cstddef>
#include <cstdint>

namespace mobilediffusion::kernels {
namespace {

// Along an axis, the first of the three taps is alone on its pixel in an even phase, the last in an odd one.
constexpr int tap_of(int phase, int of_three) { return phase == 0 ? (of_three + 1) / 2 : of_three / 2; }

}  // namespace

std::vector<float> phase_kernel(const std::vector<float>& weight, const Conv2dSpec& spec, int row, int column) {
  const int64_t in = spec.in_channels;
  std::vector<float> to(static_cast<size_t>(spec.out_channels * 4 * in));
  for (int64_t o = 0; o < spec.out_channels; ++o) {
    for (int64_t i = 0; i < in; ++i) {
      for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 3; ++x) {
          to[((o * 2 + tap_of(row, y)) * 2 + tap_of(column, x)) * in + i] += weight[((o * in + i) * 3 + y) * 3 + x];
        }
      }
    }
  }
  return to;
}

}  // namespace mobilediffusion::kernels
