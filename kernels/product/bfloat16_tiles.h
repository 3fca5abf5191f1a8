// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The innermost loop of products of bfloat16 numbers in AMX's tiles: registers of 16 rows of 64 bytes, of which one
// instruction multiplies two and adds all to a third, in float32 (Intel's Architecture Instruction Set Extensions
// Programming Reference, chapter 3).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/runtime/format.h"

namespace mobilediffusion::kernels {

// A bfloat16 in memory: float32's upper half.
struct Bfloat16 {
  uint16_t bits;
};

constexpr size_t kTileRows = 16;                      // of x
constexpr size_t kTileColumns = 16;                   // of a matrix
constexpr size_t kTileDepth = 32;                     // values of a row of x
constexpr size_t kTileSize = kTileRows * kTileDepth;  // values

// Whether this processor has such tiles, and the system lends them to this process.
bool has_bfloat16_tiles();

// What follows is for where there are: the nearest of `count` values in float32 or half, halves to even.
void round_to_bfloat16(Reading from, size_t count, Bfloat16* to);

// A thread's tiles, for as long as this lives.
class BorrowedTiles {
 public:
  BorrowedTiles();
  ~BorrowedTiles();
  BorrowedTiles(const BorrowedTiles&) = delete;
  BorrowedTiles& operator=(const BorrowedTiles&) = delete;
};

// One tap of a tile's rows: where each of them is, kTileRows at most, of which the last stands for those that lack.
class TileTap {
 public:
  TileTap() = default;
  TileTap(const Bfloat16* const* rows, size_t count);

  const Bfloat16* row(size_t i) const { return rows_[i < count_ ? i : count_ - 1]; }
  ptrdiff_t apart() const { return apart_; }  // bytes from each row to the next, where these are all the same, else 0

 private:
  const Bfloat16* const* rows_ = nullptr;
  size_t count_ = 0;
  ptrdiff_t apart_ = 0;
};

// Rows of x, of one tile or of two, cut in taps.
struct TileRows {
  const TileTap* upper;
  const TileTap* lower;  // null: a single tile
  size_t taps;
  size_t steps;  // of kTileDepth values, of each tap; what is read behind its end must be finite
};

// sums (all rows, kTileColumns or twice as many) of such rows by a panel (taps, steps, one tile of columns or two,
// kTileDepth / 2, kTileColumns, 2).
void multiply_by_tile(const TileRows& x, const Bfloat16* panel, float* sums);
void multiply_by_two_tiles(const TileRows& x, const Bfloat16* panel, float* sums);

// For benchmarks: multiplies and adds, in a loop of independent instructions, and returns how many it made; `sum` is
// for the compiler to think that somebody asks.
double exercise_tiles(size_t rounds, float* sum);

}  // namespace mobilediffusion::kernels
