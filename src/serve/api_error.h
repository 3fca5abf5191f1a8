// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// How every route says that it failed, in the shape of OpenAI's errors:
//
//   {"error": {"message": "...", "type": "invalid_request_error", "param": "size", "code": null}}
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "mobilediffusion/status.h"
#include "src/net/http.h"

namespace mobilediffusion::serve {

struct ApiError {
  int status = 400;
  std::string message;
  std::string param = {};  // of the request, that is at fault; empty: none
  std::string code = {};   // for programs; empty: none
};

// What the library found wrong with a request.
ApiError api_error(const Status& status);

nlohmann::json to_json(const ApiError& error);
net::Response to_response(const ApiError& error);

// A JSON value as an answer.
net::Response json_response(const nlohmann::json& value, int status = 200);
// As text, whatever bytes its strings hold.
std::string dump(const nlohmann::json& value);

}  // namespace mobilediffusion::serve
