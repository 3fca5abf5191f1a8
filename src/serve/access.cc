// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/access.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string_view>
#include <utility>

namespace mobilediffusion::serve {
namespace {

// "localhost:8642" without its port, "[::1]:8642" too.
std::string_view without_port(std::string_view host) {
  const size_t colon = host.rfind(':'), bracket = host.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && bracket > colon)) return host;
  return host.substr(0, colon);
}

// No name can be made to look like one.
bool is_address(std::string_view host) {
  const auto all_of = [](std::string_view text, std::string_view letters) {
    return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
  };
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
    return all_of(host.substr(1, host.size() - 2), "0123456789abcdef:.");
  return all_of(host, "0123456789.") && std::count(host.begin(), host.end(), '.') == 3;
}

// Takes as long for every wrong token.
bool same(std::string_view given, std::string_view expected) {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (size_t i = 0; i < expected.size(); ++i) {
    const char c = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(c) ^ static_cast<unsigned char>(expected[i]);
  }
  return difference == 0;
}

}  // namespace

Access::Access(std::vector<std::string> names, std::string token) : token_(std::move(token)) {
  names_.push_back("localhost");
  for (const std::string& name : names) names_.push_back(net::in_lower_case(name));
}

std::optional<ApiError> Access::refuse(const net::Request& request) const {
  const std::string* const header = request.header("host");
  if (header == nullptr) return ApiError{400, "expected a header Host"};
  const std::string host = net::in_lower_case(*header);
  const std::string_view name = without_port(host);
  if (!is_address(name) && std::find(names_.begin(), names_.end(), name) == names_.end())
    return ApiError{
        403, "this server does not answer to the name in Host; --allow-host names further ones", {}, "wrong_host"};
  if (const std::string* const origin = request.header("origin"); origin != nullptr) {
    const std::string from = net::in_lower_case(*origin);
    if (from != "http://" + host && from != "https://" + host)
      return ApiError{403, "pages of other sites may not use this server", {}, "wrong_origin"};
  }
  return std::nullopt;
}

std::optional<ApiError> Access::refuse_call(const net::Request& request) const {
  const std::string* const site = request.header("sec-fetch-site");
  if (site != nullptr && *site != "same-origin" && *site != "none")
    return ApiError{403, "pages of other sites may not use this server", {}, "wrong_origin"};
  if (token_.empty()) return std::nullopt;
  constexpr std::string_view kScheme = "bearer ";
  const std::string* const given = request.header("authorization");
  if (given == nullptr || net::in_lower_case(given->substr(0, kScheme.size())) != kScheme)
    return ApiError{
        401, "expected a header Authorization: Bearer TOKEN; the program printed the token", {}, "missing_token"};
  if (!same(std::string_view(*given).substr(kScheme.size()), token_))
    return ApiError{401, "this is not the token that the program printed", {}, "wrong_token"};
  return std::nullopt;
}

std::string make_token() {
  std::random_device random;
  std::string token;
  for (int word = 0; word < 4; ++word) {
    uint32_t bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 4) token += "0123456789abcdef"[bits & 15];
  }
  return token;
}

}  // namespace mobilediffusion::serve
