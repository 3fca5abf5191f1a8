// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/api_error.h"

#include <utility>

namespace mobilediffusion::serve {
namespace {

nlohmann::json text_or_null(const std::string& text) { return text.empty() ? nlohmann::json() : nlohmann::json(text); }

std::string type_of(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

}  // namespace

ApiError api_error(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnsupported:
      return {400, status.message()};
    case StatusCode::kRefused:
      return {400, status.message(), {}, "content_policy_violation"};
    case StatusCode::kCancelled:
      return {503, "the server ends", {}, "server_ends"};
    default:
      return {500, status.message()};
  }
}

nlohmann::json to_json(const ApiError& error) {
  return {{"error",
           {{"message", error.message},
            {"type", type_of(error.status)},
            {"param", text_or_null(error.param)},
            {"code", text_or_null(error.code)}}}};
}

net::Response to_response(const ApiError& error) {
  net::Response response = json_response(to_json(error), error.status);
  if (error.status == 503) response.headers.emplace_back("Retry-After", "1");
  if (error.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

net::Response json_response(const nlohmann::json& value, int status) {
  return {.status = status, .type = "application/json", .body = dump(value)};
}

std::string dump(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace mobilediffusion::serve
