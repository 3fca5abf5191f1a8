// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/side_by_side.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "mobilediffusion/pipeline.h"
#include "src/cli/cli.h"
#include "src/cli/new_folder.h"
#include "src/cli/platform.h"
#include "src/files/utf8_path.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

using nlohmann::json;

// Peak signal to noise, 10 log10(255^2 / mean square error); infinite where all bytes are equal.
double psnr(const Image& one, const Image& other) {
  double squares = 0;
  for (size_t i = 0; i < one.pixels.size(); ++i) {
    const double difference = static_cast<double>(one.pixels[i]) - static_cast<double>(other.pixels[i]);
    squares += difference * difference;
  }
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(one.pixels.size()) / squares);
}

Image beside(const Image& left, const Image& right) {
  Image both;
  both.width = 2 * left.width;
  both.height = left.height;
  both.format = left.format;
  const size_t row = left.pixels.size() / static_cast<size_t>(left.height);
  both.pixels.resize(2 * left.pixels.size());
  for (size_t y = 0; y < static_cast<size_t>(left.height); ++y) {
    std::memcpy(both.pixels.data() + 2 * y * row, left.pixels.data() + y * row, row);
    std::memcpy(both.pixels.data() + (2 * y + 1) * row, right.pixels.data() + y * row, row);
  }
  both.provenance = left.provenance;
  return both;
}

json spread(const std::vector<double>& values) {
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
  return {{"median", median(values)}, {"min", *least}, {"max", *greatest}};
}

std::string described(const Side& side) { return side.model + ", " + std::string(to_string(side.load.precision)); }

// Draws every pair; those for a folder go there.
Status draw(const SideBySide& pair, const std::filesystem::path& folder, ProgressLine& progress, json* measured) {
  Result<Pipeline> first = Pipeline::load(pair.first.model, pair.first.load);
  if (!first.ok()) return first.status();
  Result<Pipeline> second = Pipeline::load(pair.second.model, pair.second.load);
  if (!second.ok()) return second.status();

  GenerateOptions options;
  options.width = pair.size.width;
  options.height = pair.size.height;
  options.steps = pair.steps;
  options.progress = [](Stage, int, int) { return !interrupted(); };
  std::vector<double> first_seconds, second_seconds, ratios, decibels;
  for (size_t i = 0; i < pair.prompts.size(); ++i) {
    options.seed = i;
    for (int warm_up = 0; i == 0 && warm_up < kWarmUps; ++warm_up) {
      for (Result<Pipeline>* pipeline : {&first, &second}) {
        if (Result<Image> image = (*pipeline)->generate(pair.prompts[i], options); !image.ok()) return image.status();
      }
    }
    const Result<Image> left = first->generate(pair.prompts[i], options);
    if (!left.ok()) return left.status();
    const Result<Image> right = second->generate(pair.prompts[i], options);
    if (!right.ok()) return right.status();
    if (left->width != right->width || left->height != right->height) {
      return Status(StatusCode::kInvalidArgument,
                    "the two draw pictures of different sizes; --size WIDTHxHEIGHT makes them equal");
    }
    first_seconds.push_back(left->timings.total);
    second_seconds.push_back(right->timings.total);
    ratios.push_back(left->timings.total / right->timings.total);
    if (left->pixels != right->pixels) decibels.push_back(psnr(*left, *right));
    if (!folder.empty()) {
      const std::string name = std::to_string(i + 1) + ".png";
      if (Status status = beside(*left, *right).save(to_utf8(folder / name)); !status.ok()) return status;
    }
    progress.show("pair", static_cast<int>(i) + 1, static_cast<int>(pair.prompts.size()));
  }

  *measured = {
      {"pictures", pair.prompts.size()},
      {"equal", pair.prompts.size() - decibels.size()},
      {"seconds",
       {{"first", spread(first_seconds)}, {"second", spread(second_seconds)}, {"times_as_fast", spread(ratios)}}},
      {"psnr", nullptr}};
  if (!decibels.empty()) {
    double sum = 0;
    for (const double value : decibels) sum += value;
    (*measured)["psnr"] = {{"mean", sum / static_cast<double>(decibels.size())},
                           {"min", *std::min_element(decibels.begin(), decibels.end())}};
  }
  return {};
}

}  // namespace

Result<json> measure(const SideBySide& pair, ProgressLine& progress) {
  json measured;
  Status status;
  if (pair.pictures.empty()) {
    status = draw(pair, {}, progress, &measured);
  } else {
    status = make_folder(pair.pictures, [&](const std::filesystem::path& folder) {
               return draw(pair, folder, progress, &measured);
             }).status();
  }
  if (!status.ok()) return status;
  return measured;
}

void print(const SideBySide& pair, const json& measured) {
  const json& seconds = measured["seconds"];
  std::printf("%zu pictures of each, in turn\n\n%-40s %9s %9s %9s\n", pair.prompts.size(), "seconds", "median", "min",
              "max");
  const auto row = [](const std::string& name, const json& values) {
    std::printf("%-40s %9.4f %9.4f %9.4f\n", name.c_str(), values["median"].get<double>(), values["min"].get<double>(),
                values["max"].get<double>());
  };
  row(described(pair.first), seconds["first"]);
  row(described(pair.second), seconds["second"]);
  row("the second, times as fast", seconds["times_as_fast"]);
  if (measured["psnr"].is_null()) {
    std::printf("\nevery pair of pictures is equal\n");
  } else {
    std::printf("\nPSNR of one against the other: %.1f dB on average, %.1f dB at worst\n",
                measured["psnr"]["mean"].get<double>(), measured["psnr"]["min"].get<double>());
  }
}

}  // namespace mobilediffusion::cli
