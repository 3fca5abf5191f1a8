// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "src/c/answer.h"
#include "src/c/handles.h"

using mobilediffusion::Provenance;
using mobilediffusion::Status;
using mobilediffusion::c::answer;
using mobilediffusion::c::handle_of;
using mobilediffusion::c::provenance_of;
using mobilediffusion::c::require;
using mobilediffusion::c::text_at;

md_status md_provenance_read(const char* path, md_provenance** provenance, md_error** error) {
  if (provenance != nullptr) *provenance = nullptr;
  return answer(error, [&]() -> Status {
    if (Status status = require({{"path", path}, {"provenance", provenance}}); !status.ok()) return status;
    auto read = mobilediffusion::read_provenance(path);
    if (!read.ok()) return read.status();
    *provenance = const_cast<md_provenance*>(handle_of(new Provenance(std::move(*read))));
    return {};
  });
}

void md_provenance_free(md_provenance* provenance) { delete provenance_of(provenance); }

const char* md_provenance_prompt(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->prompt.c_str() : "";
}

const char* md_provenance_negative_prompt(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->negative_prompt.c_str() : "";
}

const char* md_provenance_model(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->model.c_str() : "";
}

const char* md_provenance_sampler(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->sampler.c_str() : "";
}

const char* md_provenance_noise(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->noise.c_str() : "";
}

uint64_t md_provenance_seed(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->seed : 0;
}

int32_t md_provenance_steps(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->steps : 0;
}

float md_provenance_guidance(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->guidance : 0;
}

double md_provenance_strength(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->strength.value_or(-1) : -1;
}

size_t md_provenance_lora_count(const md_provenance* provenance) {
  return provenance != nullptr ? provenance_of(provenance)->loras.size() : 0;
}

const char* md_provenance_lora(const md_provenance* provenance, size_t index) {
  return provenance != nullptr ? text_at(provenance_of(provenance)->loras, index) : "";
}
