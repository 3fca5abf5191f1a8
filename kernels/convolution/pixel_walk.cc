// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/convolution/pixel_walk.h"

#include "kernels/convolution/channels_last.h"
#include "kernels/convolution/upsampling_phases.h"

namespace mobilediffusion::kernels {

std::vector<PixelPhase> pixel_phases(const Conv2dSpec& spec) {
  if (!spec.upsample_2x) return {{.top = -spec.padding_before(), .left = -spec.padding_before()}};
  std::vector<PixelPhase> phases;
  for (const int row : {0, 1}) {
    for (const int column : {0, 1})
      phases.push_back({.row = row, .column = column, .step = 2, .top = row - 1, .left = column - 1});
  }
  return phases;
}

std::vector<float> phase_weights(const std::vector<float>& weight, const Conv2dSpec& spec, const PixelPhase& phase) {
  return spec.upsample_2x ? phase_kernel(weight, spec, phase.row, phase.column) : channels_last(weight, spec);
}

}  // namespace mobilediffusion::kernels
