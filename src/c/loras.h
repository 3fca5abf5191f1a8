// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "mobilediffusion/c.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/c/sized_options.h"

namespace mobilediffusion::c {

// Errors: kInvalidArgument (NULL, and a count that says otherwise; NULL for a path).
Result<std::vector<Lora>> loras_of(const md_lora* given, size_t count);

// The two fields `lora_count` and `loras` of options that have them.
template <typename Options>
Status read_loras(const SizedOptions<Options>& options, std::vector<Lora>& value) {
  size_t count = 0;
  const md_lora* given = nullptr;
  options.read(&Options::lora_count, count);
  options.read(&Options::loras, given);
  Result<std::vector<Lora>> loras = loras_of(given, count);
  if (!loras.ok()) return loras.status();
  value = std::move(*loras);
  return {};
}

}  // namespace mobilediffusion::c
