// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/packing/weight.h"

#include <algorithm>
#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packing/weight.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "kernels/simd/simd.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

// Both do by vectors what data_type.h does by itself: the same shifts, the same exact multiplication.
void widen_float16(const uint16_t* from, size_t size, float* to) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> d32;
  const hn::Rebind<uint16_t, FloatTag> d16;
  const size_t lanes = hn::Lanes(d);
  const hn::RebindToSigned<FloatTag> d32s;
  const auto rebase = hn::Set(d, 0x1p112f);
  const auto largest_finite = hn::Set(d32s, 0x0f7fffff), all_ones = hn::Set(d32s, 0x7f800000);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, from + i));
    const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(d32, 0x8000u)));
    const auto magnitude = hn::ShiftLeft<13>(hn::And(bits, hn::Set(d32, 0x7fffu)));
    const auto rebased = hn::BitCast(d32, hn::Mul(hn::BitCast(d, magnitude), rebase));
    const auto special =
        hn::BitCast(d32, hn::IfThenElseZero(hn::Gt(hn::BitCast(d32s, magnitude), largest_finite), all_ones));
    hn::StoreU(hn::BitCast(d, hn::Or(hn::Or(rebased, special), sign)), d, to + i);
  }
  for (; i < size; ++i) to[i] = float_from_float16(from[i]);
}

void widen_bfloat16(const uint16_t* from, size_t size, float* to) {
  const FloatTag d;
  const hn::RebindToUnsigned<FloatTag> d32;
  const hn::Rebind<uint16_t, FloatTag> d16;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, hn::LoadU(d16, from + i)))), d, to + i);
  }
  for (; i < size; ++i) to[i] = float_from_bfloat16(from[i]);
}

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {
namespace {

HWY_EXPORT(widen_float16);
HWY_EXPORT(widen_bfloat16);

// What lies in a file may be misaligned, so it goes through a buffer that is not.
void widen(const WeightView& weight, std::vector<float>* values) {
  std::array<uint16_t, 4096> piece;
  const auto* from = static_cast<const char*>(weight.data);
  for (size_t at = 0; at < values->size(); at += piece.size()) {
    const size_t count = std::min(piece.size(), values->size() - at);
    std::memcpy(piece.data(), from + at * sizeof(uint16_t), count * sizeof(uint16_t));
    if (weight.type == DataType::kFloat16) {
      HWY_DYNAMIC_DISPATCH(widen_float16)(piece.data(), count, values->data() + at);
    } else {
      HWY_DYNAMIC_DISPATCH(widen_bfloat16)(piece.data(), count, values->data() + at);
    }
  }
}

void widen_int8(const WeightView& weight, std::vector<float>* values) {
  const auto* from = static_cast<const int8_t*>(weight.data);
  float* to = values->data();
  const size_t row = values->size() / weight.scales.size();
  for (const float scale : weight.scales) {
    for (size_t i = 0; i < row; ++i) *to++ = static_cast<float>(*from++) * scale;
  }
}

// What is not finite has an exponent of all ones. Which value it is, is looked for only where there is one.
template <typename Bits>
int64_t first_not_finite(const WeightView& weight, Bits exponent) {
  const Bits magnitude = static_cast<Bits>(~Bits{0}) >> 1;
  const auto bits_at = [from = static_cast<const char*>(weight.data)](int64_t i) {
    Bits bits;
    std::memcpy(&bits, from + i * static_cast<int64_t>(sizeof bits), sizeof bits);
    return bits;
  };
  const int64_t size = weight.elements();
  Bits largest = 0;
  for (int64_t i = 0; i < size; ++i) largest = std::max(largest, static_cast<Bits>(bits_at(i) & magnitude));
  if (largest < exponent) return -1;
  int64_t at = 0;
  while (static_cast<Bits>(bits_at(at) & magnitude) < exponent) ++at;
  return at;
}

int64_t first_not_finite(const WeightView& weight) {
  switch (weight.type) {
    case DataType::kFloat32:
      return first_not_finite<uint32_t>(weight, 0x7f800000u);
    case DataType::kFloat16:
      return first_not_finite<uint16_t>(weight, 0x7c00u);
    case DataType::kBFloat16:
      return first_not_finite<uint16_t>(weight, 0x7f80u);
    case DataType::kInt8:
      return -1;
  }
  return -1;
}

}  // namespace

void require_finite(const WeightView& weight, std::string_view name, Status& status) {
  if (!status.ok()) return;
  const int64_t at = first_not_finite(weight);
  if (at < 0) return;
  status = Status(StatusCode::kNonFinite, "weight " + std::string(name) + " holds a NaN or an infinity at element " +
                                              std::to_string(at) + " of " + std::to_string(weight.elements()));
}

std::vector<float> to_float32(const WeightView& weight, std::string_view name, Status& status) {
  std::vector<float> values(static_cast<size_t>(weight.elements()));
  if (values.empty()) return values;  // of no values there may be no memory either, which memcpy() asks for
  if (weight.type == DataType::kFloat32) {
    std::memcpy(values.data(), weight.data, values.size() * sizeof(float));
  } else if (weight.type == DataType::kInt8) {
    widen_int8(weight, &values);
  } else {
    widen(weight, &values);
  }
  require_finite(weight, name, status);
  return values;
}

}  // namespace mobilediffusion::kernels
#endif  // HWY_ONCE
