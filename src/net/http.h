// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// HTTP/1.1 (RFC 9112) as text: a request's head to its parts, and a response's parts to a head. What is ambiguous is
// refused, since proxies may read it otherwise than we do.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mobilediffusion::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = {};
  std::string path = {};   // percent-encoded, as it came, without its query
  std::string query = {};  // behind the question mark
  Headers headers = {};    // names in lower case
  std::string body = {};

  // The header's value; null where there is none. `name` is in lower case.
  const std::string* header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string type = {};  // of the body, empty: there is none
  std::string body = {};
  Headers headers = {};
};

// Why a request is answered by an error before anybody has read it.
struct Refusal {
  int status = 400;
  std::string message;
};

// As names of headers and hosts are compared: of ASCII's letters alone.
std::string in_lower_case(std::string_view text);

// `head` ends with the empty line that ends it.
std::variant<Request, Refusal> parse_head(std::string_view head);

// How long the body is that the head announces.
std::variant<size_t, Refusal> body_length(const Request& head);

// Everything before the body. A length of nothing: the body ends with the connection.
std::string head_of(const Response& response, std::optional<size_t> length);

std::string_view reason_of(int status);

}  // namespace mobilediffusion::net
