// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/sampling/torch_noise.h"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace mobilediffusion {
namespace {

constexpr size_t kBlock = 16;

}  // namespace

float TorchGenerator::uniform() { return static_cast<float>(engine_() & 0xffffff) * 0x1p-24f; }

double TorchGenerator::double_uniform() {
  const uint64_t high = engine_(), low = engine_();
  return static_cast<double>((high << 32 | low) & ((uint64_t{1} << 53) - 1)) * 0x1p-53;
}

// Box and Muller, a pair at a time.
double TorchGenerator::normal() {
  if (other_) {
    const double value = *other_;
    other_.reset();
    return value;
  }
  const double angle = 2 * std::numbers::pi * double_uniform();
  const double radius = std::sqrt(-2 * std::log1p(-double_uniform()));
  other_ = radius * std::sin(angle);
  return radius * std::cos(angle);
}

// Eight pairs, from uniform values in place: lengths from the first half, angles from the second. An angle is rounded
// to float32 before its cosine is taken, which moves the cosine by more than 2 units in the last place.
void TorchGenerator::normal_block(float* block) {
  constexpr auto kTurn = static_cast<float>(2 * std::numbers::pi);
  for (size_t j = 0; j < kBlock / 2; ++j) {
    const auto radius = static_cast<float>(std::sqrt(-2 * std::log(double{1.0f - block[j]})));
    const double angle = kTurn * block[j + kBlock / 2];
    block[j] = static_cast<float>(radius * std::cos(angle));
    block[j + kBlock / 2] = static_cast<float>(radius * std::sin(angle));
  }
}

void TorchGenerator::fill_normal(std::span<float> out) {
  if (out.size() < kBlock) {
    for (float& value : out) value = static_cast<float>(normal());
    return;
  }
  for (float& value : out) value = uniform();
  for (size_t at = 0; at + kBlock <= out.size(); at += kBlock) normal_block(&out[at]);
  if (out.size() % kBlock == 0) return;
  // the last sixteen are drawn anew, over some that were done
  float* const tail = &out[out.size() - kBlock];
  for (size_t j = 0; j < kBlock; ++j) tail[j] = uniform();
  normal_block(tail);
}

}  // namespace mobilediffusion
