// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Gaussian noise that is the same, bit for bit, on every platform, with every compiler and any number of threads.
//
// Random bits: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011), a
// counter-based generator: no state, so value i costs the same as value 0 and any piece can be made anywhere.
//
// Value i of stream k under seed s:
//   key      = (low 32 bits of s, high 32 bits of s)
//   counter  = (low and high 32 bits of floor(i/2), low and high 32 bits of k)
//   x        = the output's words 0 and 1 (i even) or 2 and 3 (i odd), the first of the two being the low half
//   u        = (floor(x / 2^12) + 1/2) / 2^52, exact in a double and never 0 or 1
//   value    = float(normal_quantile(u))
//
// The streams: 0 is the initial noise, k > 0 the fresh noise before run k of the network (counted from 0) of a sampler
// that wants some. The order within a stream is the latent's (channel, y, x), whatever layout the networks compute in.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace mobilediffusion {

// out[j] becomes value first + j of the stream: normal, mean 0, variance 1, within +-8.3. Thread-safe.
void fill_normal(uint64_t seed, uint64_t stream, uint64_t first, std::span<float> out);

// The parts, for tests.

// Ten rounds of Philox4x32.
std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// The z at which the standard normal distribution function is u, 0 < u < 1, to about 1e-15 relative: AS241's PPND16
// (Wichura, "The Percentage Points of the Normal Distribution", Applied Statistics 37, 1988) over a logarithm of our
// own. IEEE-754 double +, -, *, / and square root alone, each of which the standard rounds in one way only: no libm,
// whose last bits differ between platforms, and no fused multiply-add.
double normal_quantile(double u);

}  // namespace mobilediffusion
