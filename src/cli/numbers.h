// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Numbers of the command line, as people write them: in decimal, whatever zeros stand in front.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// For Option::transform(). Without these CLI11 reads 010 as 8, 0x10 as 16 and -1, where no sign belongs, as a large
// one.
extern const CLI::Validator kWholeNumber;
extern const CLI::Validator kNumber;
extern const CLI::Validator kSeed;  // 0 to 2^64 - 1

// The same, or "random" or -1, which stand for a seed that nobody chose.
extern const CLI::Validator kSeedOrRandom;

// What such a text stands for: itself, or a random one. These have 32 bits, short enough to be typed again, and
// PyTorch's noise counts no more.
uint64_t seed_from(const std::string& text);
bool is_random(const std::string& text);

// "512x384" to its two numbers. An error where the text is no size.
struct Size {
  int width = 0;
  int height = 0;
};
Result<Size> parse_size(const std::string& text);

// The middle of some values, at least one.
double median(std::vector<double> values);

// 1234567 as "1.23 M", for people.
std::string with_unit(double value);

}  // namespace mobilediffusion::cli
