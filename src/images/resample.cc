// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/images/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace mobilediffusion {
namespace {

// The pixels of a row or a column that make one of the result, and their weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

// For `to` pixels out of the stretch [begin, begin + length) of `from`.
std::vector<Taps> taps_of(int from, double begin, double length, int to) {
  const double step = length / to, reach = std::max(1.0, step);
  std::vector<Taps> all(static_cast<size_t>(to));
  for (int i = 0; i < to; ++i) {
    Taps& taps = all[static_cast<size_t>(i)];
    const double centre = begin + (i + 0.5) * step - 0.5;
    taps.first = std::clamp(static_cast<int>(std::ceil(centre - reach)), 0, from - 1);
    const int last = std::clamp(static_cast<int>(std::floor(centre + reach)), taps.first, from - 1);
    double sum = 0;
    for (int j = taps.first; j <= last; ++j) {
      const double weight = std::max(0.0, 1 - std::abs(j - centre) / reach);
      taps.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : taps.weights) weight = sum > 0 ? static_cast<float>(weight / sum) : 1.0f;
  }
  return all;
}

}  // namespace

void resample(const Pixels& from, int width, int height, std::span<float> to) {
  // The shape asked for, cut out of the middle.
  double cut_width = from.width, cut_height = from.height;
  if (int64_t{from.width} * height > int64_t{from.height} * width) {
    cut_width = static_cast<double>(from.height) * width / height;
  } else {
    cut_height = static_cast<double>(from.width) * height / width;
  }
  const std::vector<Taps> columns = taps_of(from.width, (from.width - cut_width) / 2, cut_width, width),
                          rows = taps_of(from.height, (from.height - cut_height) / 2, cut_height, height);
  const auto channels = static_cast<size_t>(from.format), wide = static_cast<size_t>(from.width);
  std::vector<float> line(wide * 3);
  for (size_t y = 0; y < rows.size(); ++y) {
    std::fill(line.begin(), line.end(), 0.0f);
    for (size_t j = 0; j < rows[y].weights.size(); ++j) {
      const uint8_t* const source = from.data + (static_cast<size_t>(rows[y].first) + j) * wide * channels;
      for (size_t x = 0; x < wide; ++x) {
        for (size_t c = 0; c < 3; ++c)
          line[x * 3 + c] += rows[y].weights[j] * static_cast<float>(source[x * channels + c]);
      }
    }
    for (size_t x = 0; x < columns.size(); ++x) {
      for (size_t c = 0; c < 3; ++c) {
        float sum = 0;
        for (size_t j = 0; j < columns[x].weights.size(); ++j)
          sum += columns[x].weights[j] * line[(static_cast<size_t>(columns[x].first) + j) * 3 + c];
        to[(y * columns.size() + x) * 3 + c] = std::clamp(sum / 127.5f - 1.0f, -1.0f, 1.0f);
      }
    }
  }
}

}  // namespace mobilediffusion
