// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What one request may ask for. What a client may do at all is in src/net/http_server.h.
#pragma once

#include <cstddef>

namespace mobilediffusion::serve {

struct Limits {
  size_t waiting = 8;  // pictures, behind the one that is drawn
  size_t prompt_characters = 1000;
  int side = 2048;  // pixels
  int steps = 100;
  int pictures = 10;  // of one request (n)
};

}  // namespace mobilediffusion::serve
