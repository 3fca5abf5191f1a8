// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The part of OpenAI's interface that makes pictures, for programs that speak it already: POST /v1/images/generations
// and GET /v1/models.
#pragma once

#include <string>

#include "src/net/http_server.h"
#include "src/serve/limits.h"
#include "src/serve/painter.h"

namespace mobilediffusion::serve {

// `model` is the only one's name.
void generate_as_openai(const net::Request& request, net::Client& client, Painter& painter, const Limits& limits,
                        const std::string& model);

net::Response list_models(const std::string& model);

}  // namespace mobilediffusion::serve
