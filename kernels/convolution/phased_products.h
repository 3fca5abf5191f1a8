// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// A convolution's products, one for each of its phases (pixel_walk.h), by ByteProduct or Bfloat16Product.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/convolution/pixel_walk.h"
#include "kernels/packing/packed_weights.h"
#include "kernels/packing/weight.h"
#include "kernels/product/tap_matrix.h"

namespace mobilediffusion::kernels {

template <typename Product>
class PhasedProducts {
 public:
  struct Phase {
    PixelPhase pixels;
    Product product;
  };

  static TapMatrix matrix(const Conv2dSpec& spec) {
    return {.taps = phase_side(spec) * phase_side(spec), .in = spec.in_channels, .out = spec.out_channels};
  }

  // `prepare` makes of a phase's weights, (out, taps, in), what Product's constructor takes; they are empty where
  // packing.store holds all.
  template <typename Prepare>
  PhasedProducts(const std::string& name, const Conv2dSpec& spec, const WeightView& weight, const WeightView& bias,
                 const Packing& packing, Status& status, Prepare&& prepare) {
    for (const PixelPhase& phase : pixel_phases(spec)) phases_.push_back({phase, {}});
    std::vector<float> taps, offsets;
    if (!std::ranges::all_of(phases_, [&](const Phase& phase) { return packing.holds(phase.pixels.name(name)); })) {
      taps = to_float32(weight, name + ".weight", status);
      offsets = to_float32(bias, name + ".bias", status);
    }
    for (Phase& phase : phases_) {
      if (!status.ok()) return;
      const auto own = prepare(taps.empty() ? std::vector<float>() : phase_weights(taps, spec, phase.pixels));
      phase.product = Product(phase.pixels.name(name), matrix(spec), own, offsets, packing, status);
    }
  }

  auto begin() const { return phases_.begin(); }
  auto end() const { return phases_.end(); }

  // Bytes of packed weights that are held here and not in packing.store.
  int64_t packed_bytes() const {
    int64_t bytes = 0;
    for (const Phase& phase : phases_) bytes += phase.product.packed_bytes();
    return bytes;
  }

 private:
  std::vector<Phase> phases_;
};

}  // namespace mobilediffusion::kernels
