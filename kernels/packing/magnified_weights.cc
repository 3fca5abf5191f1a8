// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/magnified_weights.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mobilediffusion::kernels {
namespace {

constexpr double kFaint = 1.0 / 8;       // below it, an operator's gain asks for help
constexpr int kMostExponent = 30;        // behind it, half precision has nothing left to be saved
constexpr float kLargestBias = 1024.0f;  // magnified; far from half's end, at 65504
constexpr uint32_t kLayout = 1;          // of what is kept: one byte, the exponent

// In several sums side by side, which a processor adds up at once.
double sum_of_squares(const float* values, size_t size) {
  constexpr size_t kLanes = 16, kPiece = 4096;
  double sum = 0;
  for (size_t at = 0; at < size; at += kPiece) {
    const size_t end = std::min(size, at + kPiece), whole = at + (end - at) / kLanes * kLanes;
    float lanes[kLanes] = {};
    for (size_t i = at; i < whole; i += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane] * values[i + lane];
    }
    for (size_t i = whole; i < end; ++i) lanes[0] += values[i] * values[i];
    for (const float lane : lanes) sum += lane;
  }
  return sum;
}

// Of inputs that vary independently, what an output varies by for each of their own.
double gain_of(const std::vector<float>& weight, int64_t outputs) {
  return std::sqrt(sum_of_squares(weight.data(), weight.size()) / static_cast<double>(outputs));
}

int exponent_for(double gain, const std::vector<float>& bias) {
  if (!(gain > 0) || gain >= kFaint) return 0;
  int exponent = std::min(-std::ilogb(gain) - 1, kMostExponent);
  float largest = 0;
  for (const float value : bias) largest = std::max(largest, std::abs(value));
  while (exponent > 0 && std::ldexp(largest, exponent) > kLargestBias) --exponent;
  return exponent;
}

}  // namespace

Magnification::Magnification(const std::string& name, const Packing& packing)
    : name_(name + ".exponent"), store_(packing.store), needed_(packing.precision == Precision::kFloat16) {
  if (!needed_) return;
  held_ = packing.holds(name_);
  if (!held_) return;
  const PackedWeights::Entry& entry = store_->entries().find(name_)->second;
  held_ = entry.layout == kLayout && entry.bytes.size() == 1;
  if (held_) exponent_ = std::to_integer<int>(entry.bytes[0]);
}

void Magnification::magnify(int64_t outputs, std::vector<float>& weight, std::vector<float>& bias, Status& status) {
  if (!needed_ || !status.ok()) return;
  if (!held_) exponent_ = exponent_for(gain_of(weight, outputs), bias);
  const float factor = std::ldexp(1.0f, exponent_);
  if (exponent_ != 0) {
    for (float& value : weight) value *= factor;
    for (float& value : bias) value *= factor;
  }
  if (held_ || store_ == nullptr) return;
  const auto kept = static_cast<std::byte>(exponent_);
  if (store_->keep(name_, kLayout, {&kept, 1}).empty() && !store_->mismatched())
    status = Status(StatusCode::kOutOfMemory, "out of memory for the packed weights of " + name_);
}

float Magnification::remedy() const { return std::ldexp(1.0f, -exponent_); }

}  // namespace mobilediffusion::kernels
