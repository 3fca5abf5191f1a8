// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What PEFT says beside a LoRA's tensors: adapter_config.json, or the metadata that diffusers write into the file. Its
// scale is alpha / rank, or alpha / sqrt(rank) (Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning
// with LoRA", 2023).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/weights/name_pattern.h"

namespace mobilediffusion {

class LoraSettings {
 public:
  // The settings whose keys begin with `prefix`: "" in adapter_config.json, "unet." in the metadata. Nothing where
  // there are none. `origin` names the text in messages. Errors: kInvalidModel; kUnsupported for what is no plain LoRA.
  static Result<std::optional<LoraSettings>> parse(std::string_view json, const std::string& origin,
                                                   const std::string& prefix);

  // Of a layer by its name within its network, whose tensors have that rank. kInvalidModel where the settings say
  // another.
  Result<double> scale(const std::string& layer, int64_t rank) const;

 private:
  // For layers of certain names, the first that fits counts.
  using Exceptions = std::vector<std::pair<NamePattern, double>>;

  static double value_for(const std::string& layer, const Exceptions& exceptions, double usual);

  std::string origin_;
  double alpha_ = 0;
  std::optional<double> rank_;  // nothing where they do not say
  bool by_square_root_ = false;
  Exceptions alphas_, ranks_;
};

}  // namespace mobilediffusion
