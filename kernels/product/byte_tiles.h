// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The innermost loop of products of 8-bit numbers, in the instructions that x86 processors have for it: VPDPBUSD, which
// multiplies four bytes without a sign by four with one and adds all to a 32-bit sum. Weights, 128 more than they are,
// are those without; so x need not be changed, and 128 times the sum of a row of x is to be taken off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mobilediffusion::kernels {

constexpr size_t kMostTaps = 9;   // of a row of x, which may be cut in pieces of equal depth
constexpr size_t kByteRows = 96;  // the distance between the pointers to two taps
constexpr size_t kByteGroup = 4;  // values that are multiplied together: depths are multiples of it
constexpr int kWeightOffset = 128;

// sums (rows, vectors of columns) of rows of x, whose tap i lies at x[i * kByteRows + row], by a panel (taps, depth /
// kByteGroup, vectors, lanes, kByteGroup).
using MultiplyBytes = void (*)(const int8_t* const* x, size_t taps, size_t depth, const uint8_t* panel, int32_t* sums);

struct ByteTiles {
  const char* instructions;
  size_t lanes;                   // of a vector
  size_t tallest;                 // rows
  const MultiplyBytes* multiply;  // by rows, one to the tallest, and within each by vectors, one to kWidestPanel
  int32_t (*sum)(const int8_t* x, size_t depth);

  // For benchmarks: multiplies and adds, in a loop of independent instructions, and returns how many it made; `sum` is
  // for the compiler to think that somebody asks.
  double (*exercise)(size_t rounds, int32_t* sum);
};

// What this processor has, the fastest first.
std::span<const ByteTiles* const> byte_tiles();

}  // namespace mobilediffusion::kernels
