// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What one core can do at most, for benchmarks to say how much of it a kernel does.
#pragma once

namespace mobilediffusion {

// Multiply-accumulates a second, in float32 on the widest vectors, as a loop of independent ones makes them. Measured
// at the first call, in a tenth of a second.
double peak_macs();

// The same of 8-bit numbers, added to 32-bit sums, in the instructions for it that our own product uses; 0 where there
// are none.
double peak_byte_macs();

// The same of bfloat16 numbers in tiles.
double peak_tile_macs();

}  // namespace mobilediffusion
