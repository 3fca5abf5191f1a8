// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/product/bfloat16_tiles.h"

#include "hwy/detect_targets.h"

namespace mobilediffusion::kernels {

TileTap::TileTap(const Bfloat16* const* rows, size_t count) : rows_(rows), count_(count) {
  if (count < kTileRows) return;
  const ptrdiff_t first = rows[1] - rows[0];
  for (size_t row = 2; row < kTileRows; ++row) {
    if (rows[row] - rows[row - 1] != first) return;
  }
  apart_ = first * static_cast<ptrdiff_t>(sizeof(Bfloat16));
}

}  // namespace mobilediffusion::kernels

// GCC before 11 has no words for tiles.
#if HWY_ARCH_X86_64 && defined(__linux__) && defined(__GNUC__) && (defined(__clang__) || __GNUC__ >= 11)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "kernels/runtime/processor.h"

#define MOBILEDIFFUSION_TILES __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512bf16")))

namespace mobilediffusion::kernels {
namespace {

constexpr size_t kRowBytes = kTileDepth * sizeof(Bfloat16);
static_assert(kRowBytes == 64 && kTileColumns * sizeof(float) == kRowBytes);

// LDTILECFG's operand: eight registers, all whole. Their numbers are part of the instructions: 0 to 3 are sums, 4 and 5
// rows of x, 6 and 7 the panel's columns.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1, first_row = 0, reserved[14] = {};
  std::array<uint16_t, 16> bytes{kRowBytes, kRowBytes, kRowBytes, kRowBytes,
                                 kRowBytes, kRowBytes, kRowBytes, kRowBytes};
  std::array<uint8_t, 16> rows{kTileRows, kTileRows, kTileRows, kTileRows, kTileRows, kTileRows, kTileRows, kTileRows};
};
static_assert(sizeof(TileConfiguration) == 64);

MOBILEDIFFUSION_TILES void configure() {
  static constexpr TileConfiguration kWhole;
  _tile_loadconfig(&kWhole);
}

MOBILEDIFFUSION_TILES void release() { _tile_release(); }

// The compiler does not know that loads and stores of tiles touch memory.
void settle_memory() { asm volatile("" ::: "memory"); }

// One after another, where memory does not have them at equal distances.
struct alignas(64) Room {
  std::array<Bfloat16, kTileSize> values;

  void gather(const TileTap& tap, size_t from) {
    for (size_t row = 0; row < kTileRows; ++row)
      std::memcpy(values.data() + row * kTileDepth, tap.row(row) + from, kRowBytes);
    settle_memory();
  }
};

template <bool kUpper>
MOBILEDIFFUSION_TILES inline void load_rows(const TileTap& tap, size_t from, Room& room) {
  const Bfloat16* rows = tap.row(0) + from;
  ptrdiff_t apart = tap.apart();
  if (apart == 0) {
    room.gather(tap, from);
    rows = room.values.data();
    apart = kRowBytes;
  }
  if constexpr (kUpper) {
    _tile_loadd(4, rows, apart);
  } else {
    _tile_loadd(5, rows, apart);
  }
}

template <bool kTwoOfRows, bool kTwoOfColumns>
MOBILEDIFFUSION_TILES void multiply(const TileRows& x, const Bfloat16* panel, float* sums) {
  constexpr size_t kWidth = (kTwoOfColumns ? 2 : 1) * kRowBytes;  // bytes of a row of sums
  Room upper_room, lower_room;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (size_t i = 0; i < x.taps; ++i) {
    for (size_t step = 0; step < x.steps; ++step) {
      load_rows<true>(x.upper[i], step * kTileDepth, upper_room);
      if constexpr (kTwoOfRows) load_rows<false>(x.lower[i], step * kTileDepth, lower_room);
      _tile_loadd(6, panel, kRowBytes);
      panel += kTileSize;
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kTwoOfRows) _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoOfColumns) {
        _tile_loadd(7, panel, kRowBytes);
        panel += kTileSize;
        _tile_dpbf16ps(1, 4, 7);
        if constexpr (kTwoOfRows) _tile_dpbf16ps(3, 5, 7);
      }
    }
  }
  _tile_stored(0, sums, kWidth);
  if constexpr (kTwoOfColumns) _tile_stored(1, sums + kTileColumns, kWidth);
  if constexpr (kTwoOfRows) {
    float* const below = sums + kTileRows * kWidth / sizeof(*sums);
    _tile_stored(2, below, kWidth);
    if constexpr (kTwoOfColumns) _tile_stored(3, below + kTileColumns, kWidth);
  }
  settle_memory();
}

template <bool kTwoOfColumns>
void multiply_rows(const TileRows& x, const Bfloat16* panel, float* sums) {
  if (x.lower != nullptr) {
    multiply<true, kTwoOfColumns>(x, panel, sums);
  } else {
    multiply<false, kTwoOfColumns>(x, panel, sums);
  }
}

}  // namespace

bool has_bfloat16_tiles() {
  static const bool has = has_instructions("AMX bfloat16") && system_lends_tiles();
  return has;
}

MOBILEDIFFUSION_TILES void round_to_bfloat16(Reading from, size_t count, Bfloat16* to) {
  constexpr size_t kLanes = 16;
  for (size_t i = 0; i < count; i += kLanes) {
    const auto those = static_cast<__mmask16>(count - i < kLanes ? (1u << (count - i)) - 1 : 0xffffu);
    const void* const at = (from + static_cast<int64_t>(i)).data;
    const __m512 values = from.format == Format::kFloat16
                              ? _mm512_maskz_cvtph_ps(those, _mm256_maskz_loadu_epi16(those, at))
                              : _mm512_maskz_loadu_ps(those, at);
    _mm256_mask_storeu_epi16(to + i, those, reinterpret_cast<__m256i>(_mm512_maskz_cvtneps_pbh(those, values)));
  }
}

BorrowedTiles::BorrowedTiles() { configure(); }
BorrowedTiles::~BorrowedTiles() { release(); }

void multiply_by_tile(const TileRows& x, const Bfloat16* panel, float* sums) { multiply_rows<false>(x, panel, sums); }
void multiply_by_two_tiles(const TileRows& x, const Bfloat16* panel, float* sums) {
  multiply_rows<true>(x, panel, sums);
}

MOBILEDIFFUSION_TILES double exercise_tiles(size_t rounds, float* sum) {
  const BorrowedTiles tiles;
  alignas(64) std::array<float, kTileRows * kTileColumns> values{*sum};
  settle_memory();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, values.data(), kRowBytes);
  _tile_loadd(6, values.data(), kRowBytes);
  for (size_t i = 0; i < rounds; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 6);
    _tile_dpbf16ps(2, 4, 6);
    _tile_dpbf16ps(3, 4, 6);
  }
  _tile_stored(0, values.data(), kRowBytes);
  settle_memory();
  *sum = values[0];
  return static_cast<double>(rounds * 4 * kTileColumns * kTileSize);
}

}  // namespace mobilediffusion::kernels

#else

namespace mobilediffusion::kernels {

bool has_bfloat16_tiles() { return false; }
void round_to_bfloat16(Reading /*from*/, size_t /*count*/, Bfloat16* /*to*/) {}
BorrowedTiles::BorrowedTiles() = default;
BorrowedTiles::~BorrowedTiles() = default;
void multiply_by_tile(const TileRows& /*x*/, const Bfloat16* /*panel*/, float* /*sums*/) {}
void multiply_by_two_tiles(const TileRows& /*x*/, const Bfloat16* /*panel*/, float* /*sums*/) {}
double exercise_tiles(size_t /*rounds*/, float* /*sum*/) { return 0; }

}  // namespace mobilediffusion::kernels

#endif
