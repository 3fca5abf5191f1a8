// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What this build can do. An app that ships one one-step model configures with -DMOBILEDIFFUSION_MINIMAL=ON, and what it
// never calls is not in its library: a function that begins with
//
//   if constexpr (!features::kLora) return features::missing("LoRAs");
//
// has no code behind that line then, and the linker drops what nothing else refers to.
#pragma once

#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::features {

#if defined(MOBILEDIFFUSION_MINIMAL)
inline constexpr bool kComplete = false;
#else
inline constexpr bool kComplete = true;
#endif

inline constexpr bool kImageToImage = kComplete;
inline constexpr bool kJpeg = kComplete;
inline constexpr bool kLora = kComplete;

// What a caller of what is not there is told; `what` is a plural.
inline Status missing(const char* what) {
  return Status(StatusCode::kUnsupported,
                std::string(what) + " are not in this build of the library (MOBILEDIFFUSION_MINIMAL)");
}

}  // namespace mobilediffusion::features
