// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What convolutions share that find their pixels by pointers to them: which of an answer's pixels one product makes,
// and where the taps of each lie.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/convolution/conv2d_spec.h"
#include "kernels/runtime/shape.h"

namespace mobilediffusion::kernels {

// What makes every `step`th pixel of the answer along both axes, from (row, column) on, of the pixels from (top, left)
// on. All of it, but behind an upsampling, where there are four (upsampling_phases.h).
struct PixelPhase {
  int row = 0, column = 0, step = 1, top = 0, left = 0;

  // Of an operator of that name, its own.
  std::string name(const std::string& of) const {
    return step == 1 ? of : of + ".phase_" + std::to_string(row) + std::to_string(column);
  }
};

std::vector<PixelPhase> pixel_phases(const Conv2dSpec& spec);

// Pixels along a side of what a phase's product reads at once.
inline int phase_side(const Conv2dSpec& spec) { return spec.upsample_2x ? 2 : spec.kernel; }

// A phase's weights, (out, side, side, in), of the whole convolution's as files have them.
std::vector<float> phase_weights(const std::vector<float>& weight, const Conv2dSpec& spec, const PixelPhase& phase);

// Of a phase, from x's shape to y's.
class PixelWalk {
 public:
  PixelWalk(const Conv2dSpec& spec, const PixelPhase& phase, const Shape& from, const Shape& to)
      : spec_(&spec), phase_(phase), from_(from), to_(to), h_(to.h / phase.step), w_(to.w / phase.step) {}

  int64_t rows() const { return to_.n * h_ * w_; }

  // Calls tap(i, picture, pixel) for each tap of `count` of the phase's pixels from `first` on, of the i'th's all
  // before the next one's: x's pixel, or -1 outside. And then answer(i, picture, value), y's first value of that pixel.
  template <typename Tap, typename Answer>
  void operator()(int64_t first, int64_t count, Tap&& tap, Answer&& answer) const {
    int64_t column = first % w_, row = first / w_ % h_, picture = first / w_ / h_;
    const int side = phase_side(*spec_);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t down = row * spec_->stride + phase_.top, end = down + side; down < end; ++down) {
        for (int64_t right = column * spec_->stride + phase_.left, stop = right + side; right < stop; ++right) {
          const bool inside = down >= 0 && down < from_.h && right >= 0 && right < from_.w;
          tap(i, picture, inside ? (picture * from_.h + down) * from_.w + right : -1);
        }
      }
      const int64_t y_row = row * phase_.step + phase_.row, y_column = column * phase_.step + phase_.column;
      answer(i, picture, ((picture * to_.h + y_row) * to_.w + y_column) * to_.c);
      if (++column < w_) continue;
      column = 0;
      if (++row < h_) continue;
      row = 0;
      ++picture;
    }
  }

 private:
  const Conv2dSpec* spec_;
  PixelPhase phase_;
  Shape from_, to_;
  int64_t h_, w_;
};

}  // namespace mobilediffusion::kernels
