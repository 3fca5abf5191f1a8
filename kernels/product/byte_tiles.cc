// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/byte_tiles.h"

#include "hwy/detect_targets.h"

#if HWY_ARCH_X86_64

#include <immintrin.h>

#include <array>
#include <cstring>
#include <iterator>
#include <numeric>
#include <utility>

#include "hwy/targets.h"
#include "kernels/product/panels.h"
#include "kernels/runtime/processor.h"

// Highway has no word for these instructions, and no target that is AVX2 with them.
#if defined(__GNUC__)
#define MOBILEDIFFUSION_FOR(instructions) __attribute__((target(instructions)))
#else
#define MOBILEDIFFUSION_FOR(instructions)
#endif
#define MOBILEDIFFUSION_AVX512_VNNI MOBILEDIFFUSION_FOR("avx512f,avx512vnni")
#define MOBILEDIFFUSION_AVX_VNNI MOBILEDIFFUSION_FOR("avx2,avxvnni")

// GCC else unrolls a loop over registers too late to keep them out of memory.
#if defined(__GNUC__) && !defined(__clang__)
#define MOBILEDIFFUSION_UNROLLED _Pragma("GCC unroll 12")
#else
#define MOBILEDIFFUSION_UNROLLED
#endif

namespace mobilediffusion::kernels {
namespace {

// So many of a sum, or nothing waits for the one before.
constexpr size_t kIndependentSums = 4;

int32_t four_bytes(const int8_t* from) {
  int32_t bytes = 0;
  std::memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

// A loop over both is the same in either width, but a function that is compiled for more than its caller cannot be
// inlined, so each width has its own.

template <size_t kRows, size_t kVectors>
MOBILEDIFFUSION_AVX512_VNNI void multiply_512(const int8_t* const* x, size_t taps, size_t depth, const uint8_t* panel,
                                              int32_t* to) {
  __m512i sums[kRows][kVectors] = {};
  for (size_t tap = 0; tap < taps; ++tap, x += kByteRows) {
    const int8_t* rows[kRows];
    for (size_t row = 0; row < kRows; ++row) rows[row] = x[row];
    for (size_t i = 0; i < depth; i += kByteGroup, panel += kVectors * sizeof(__m512i)) {
      __m512i weights[kVectors];
      for (size_t j = 0; j < kVectors; ++j) weights[j] = _mm512_loadu_si512(panel + j * sizeof(__m512i));
      for (size_t row = 0; row < kRows; ++row) {
        const __m512i values = _mm512_set1_epi32(four_bytes(rows[row] + i));
        for (size_t j = 0; j < kVectors; ++j) sums[row][j] = _mm512_dpbusd_epi32(sums[row][j], weights[j], values);
      }
    }
  }
  MOBILEDIFFUSION_UNROLLED for (size_t row = 0; row < kRows; ++row) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kVectors; ++j)
        _mm512_storeu_si512(to + (row * kVectors + j) * 16, sums[row][j]);
  }
}

MOBILEDIFFUSION_AVX512_VNNI int32_t sum_512(const int8_t* x, size_t depth) {
  const auto* const vectors = reinterpret_cast<const __m512i*>(x);
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sums[kIndependentSums] = {};
  size_t i = 0;
  for (; (i + kIndependentSums) * sizeof(ones) <= depth; i += kIndependentSums) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependentSums; ++j) sums[j] =
        _mm512_dpbusd_epi32(sums[j], ones, _mm512_loadu_si512(vectors + i + j));
  }
  for (; (i + 1) * sizeof(ones) <= depth; ++i)
    sums[0] = _mm512_dpbusd_epi32(sums[0], ones, _mm512_loadu_si512(vectors + i));
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3])));
  return std::accumulate(x + i * sizeof(ones), x + depth,
                         std::accumulate(std::begin(lanes), std::end(lanes), int32_t{0}));
}

MOBILEDIFFUSION_AVX512_VNNI double exercise_512(size_t rounds, int32_t* sum) {
  constexpr size_t kIndependent = 12;  // enough for two multipliers of a latency of four to six
  __m512i sums[kIndependent], value = _mm512_set1_epi32(*sum);
  for (__m512i& of : sums) of = value;
  for (size_t i = 0; i < rounds; ++i) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependent; ++j) sums[j] =
        _mm512_dpbusd_epi32(sums[j], value, value);
  }
  MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependent; ++j) value = _mm512_add_epi32(value, sums[j]);
  std::memcpy(sum, &value, sizeof(*sum));
  return static_cast<double>(rounds * kIndependent * sizeof(value));
}

template <size_t kRows, size_t kVectors>
MOBILEDIFFUSION_AVX_VNNI void multiply_256(const int8_t* const* x, size_t taps, size_t depth, const uint8_t* panel,
                                           int32_t* to) {
  __m256i sums[kRows][kVectors] = {};
  for (size_t tap = 0; tap < taps; ++tap, x += kByteRows) {
    const int8_t* rows[kRows];
    for (size_t row = 0; row < kRows; ++row) rows[row] = x[row];
    for (size_t i = 0; i < depth; i += kByteGroup, panel += kVectors * sizeof(__m256i)) {
      __m256i weights[kVectors];
      for (size_t j = 0; j < kVectors; ++j)
        weights[j] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel) + j);
      for (size_t row = 0; row < kRows; ++row) {
        const __m256i values = _mm256_set1_epi32(four_bytes(rows[row] + i));
        for (size_t j = 0; j < kVectors; ++j) sums[row][j] = _mm256_dpbusd_avx_epi32(sums[row][j], weights[j], values);
      }
    }
  }
  MOBILEDIFFUSION_UNROLLED for (size_t row = 0; row < kRows; ++row) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kVectors; ++j)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to) + row * kVectors + j, sums[row][j]);
  }
}

MOBILEDIFFUSION_AVX_VNNI int32_t sum_256(const int8_t* x, size_t depth) {
  const auto* const vectors = reinterpret_cast<const __m256i*>(x);
  const __m256i ones = _mm256_set1_epi8(1);
  __m256i sums[kIndependentSums] = {};
  size_t i = 0;
  for (; (i + kIndependentSums) * sizeof(ones) <= depth; i += kIndependentSums) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependentSums; ++j) sums[j] =
        _mm256_dpbusd_avx_epi32(sums[j], ones, _mm256_loadu_si256(vectors + i + j));
  }
  for (; (i + 1) * sizeof(ones) <= depth; ++i)
    sums[0] = _mm256_dpbusd_avx_epi32(sums[0], ones, _mm256_loadu_si256(vectors + i));
  alignas(32) int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes),
                     _mm256_add_epi32(_mm256_add_epi32(sums[0], sums[1]), _mm256_add_epi32(sums[2], sums[3])));
  return std::accumulate(x + i * sizeof(ones), x + depth,
                         std::accumulate(std::begin(lanes), std::end(lanes), int32_t{0}));
}

MOBILEDIFFUSION_AVX_VNNI double exercise_256(size_t rounds, int32_t* sum) {
  constexpr size_t kIndependent = 12;  // enough for two multipliers of a latency of four to six
  __m256i sums[kIndependent], value = _mm256_set1_epi32(*sum);
  for (__m256i& of : sums) of = value;
  for (size_t i = 0; i < rounds; ++i) {
    MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependent; ++j) sums[j] =
        _mm256_dpbusd_avx_epi32(sums[j], value, value);
  }
  MOBILEDIFFUSION_UNROLLED for (size_t j = 0; j < kIndependent; ++j) value = _mm256_add_epi32(value, sums[j]);
  std::memcpy(sum, &value, sizeof(*sum));
  return static_cast<double>(rounds * kIndependent * sizeof(value));
}

// As tall as leaves registers for a panel's vectors and a value: of 32, and of 16.
constexpr size_t kTallest512 = 8, kTallest256 = 4;

template <size_t... i>
constexpr std::array<MultiplyBytes, sizeof...(i)> tiles_512(std::index_sequence<i...>) {
  return {multiply_512<i / kWidestPanel + 1, i % kWidestPanel + 1>...};
}
template <size_t... i>
constexpr std::array<MultiplyBytes, sizeof...(i)> tiles_256(std::index_sequence<i...>) {
  return {multiply_256<i / kWidestPanel + 1, i % kWidestPanel + 1>...};
}
constexpr auto kMultiply512 = tiles_512(std::make_index_sequence<kTallest512 * kWidestPanel>());
constexpr auto kMultiply256 = tiles_256(std::make_index_sequence<kTallest256 * kWidestPanel>());
constexpr ByteTiles kAvx512Vnni{"AVX-512 VNNI", 16, kTallest512, kMultiply512.data(), sum_512, exercise_512};
constexpr ByteTiles kAvxVnni{"AVX-VNNI", 8, kTallest256, kMultiply256.data(), sum_256, exercise_256};

}  // namespace

std::span<const ByteTiles* const> byte_tiles() {
  struct Found {
    std::array<const ByteTiles*, 2> tiles{};
    size_t count = 0;
  };
  static const Found found = [] {
    Found of;
    // Highway also looks whether the system keeps such vectors.
    const auto targets = hwy::SupportedTargets();
    if ((targets & HWY_AVX3) != 0 && has_instructions("AVX-512 VNNI")) of.tiles[of.count++] = &kAvx512Vnni;
    if ((targets & HWY_AVX2) != 0 && has_instructions("AVX-VNNI")) of.tiles[of.count++] = &kAvxVnni;
    return of;
  }();
  return {found.tiles.data(), found.count};
}

}  // namespace mobilediffusion::kernels

#else

namespace mobilediffusion::kernels {

std::span<const ByteTiles* const> byte_tiles() { return {}; }

}  // namespace mobilediffusion::kernels

#endif
