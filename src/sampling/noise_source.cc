// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/noise_source.h"

#include "src/sampling/noise.h"
#include "src/sampling/torch_noise.h"

namespace mobilediffusion {
namespace {

class PhiloxSource final : public NoiseSource {
 public:
  explicit PhiloxSource(uint64_t seed) : seed_(seed) {}
  void draw(uint64_t stream, std::span<float> out) override { fill_normal(seed_, stream, 0, out); }

 private:
  const uint64_t seed_;
};

class TorchSource final : public NoiseSource {
 public:
  explicit TorchSource(uint64_t seed) : generator_(seed) {}
  void draw(uint64_t, std::span<float> out) override { generator_.fill_normal(out); }

 private:
  TorchGenerator generator_;
};

}  // namespace

std::unique_ptr<NoiseSource> make_noise_source(Noise kind, uint64_t seed) {
  if (kind == Noise::kTorch) return std::make_unique<TorchSource>(seed);
  return std::make_unique<PhiloxSource>(seed);
}

}  // namespace mobilediffusion
