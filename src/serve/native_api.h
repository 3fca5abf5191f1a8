// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// POST /v1/generate: a picture as a PNG, as JSON, or as JSON behind events that say how far it is. openapi.json has the
// fields.
#pragma once

#include "src/net/http_server.h"
#include "src/serve/limits.h"
#include "src/serve/painter.h"

namespace mobilediffusion::serve {

void generate(const net::Request& request, net::Client& client, Painter& painter, const Limits& limits);

}  // namespace mobilediffusion::serve
