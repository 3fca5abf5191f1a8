// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What stands behind the handles of c.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mobilediffusion/c.h"
#include "mobilediffusion/image.h"
#include "mobilediffusion/pipeline.h"

struct md_pipeline {
  mobilediffusion::Pipeline pipeline;
};

struct md_image {
  mobilediffusion::Image image;
};

struct md_bytes {
  std::vector<uint8_t> bytes;
};

namespace mobilediffusion::c {

// An md_provenance is a Provenance by another name, since an image lends its own.
inline const md_provenance* handle_of(const Provenance* provenance) {
  return reinterpret_cast<const md_provenance*>(provenance);
}
inline const Provenance* provenance_of(const md_provenance* handle) {
  return reinterpret_cast<const Provenance*>(handle);
}

inline const char* text_at(const std::vector<std::string>& texts, size_t index) {
  return index < texts.size() ? texts[index].c_str() : "";
}

}  // namespace mobilediffusion::c
