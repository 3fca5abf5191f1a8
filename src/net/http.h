// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What is asked and what is answered, as the rest of the program sees them, and what is refused though cpp-httplib
// would read it: what is ambiguous, since proxies may read it otherwise than we do.
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
  std::string path = {};  // percent-encoded, as it came, without its query
  Headers headers = {};   // names in lower case
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

// What is wrong with a request's head.
std::optional<Refusal> refuse_head(const Request& head);

// How long the body is that the head announces, at most that many bytes.
std::variant<size_t, Refusal> body_length(const Request& head, size_t most);

}  // namespace mobilediffusion::net
