// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

// Nothing throws across the public face: what a library or an allocation throws ends here.
template <typename Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory, "out of memory");  // short: within std::string itself
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, std::string("unexpected: ") + error.what());
  }
}

}  // namespace mobilediffusion
