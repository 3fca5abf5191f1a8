// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http.h"

#include <algorithm>
#include <charconv>

namespace mobilediffusion::net {
namespace {

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_visible(char c) { return static_cast<unsigned char>(c) > 32 && c != 127; }

}  // namespace

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

const std::string* Request::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (each == name) return &value;
  }
  return nullptr;
}

std::optional<Refusal> refuse_head(const Request& head) {
  if (!head.path.starts_with('/') || !std::all_of(head.path.begin(), head.path.end(), is_visible))
    return Refusal{400, "expected an address that begins with a slash"};
  if (!std::all_of(head.method.begin(), head.method.end(), is_token_character))
    return Refusal{400, "the method is no word"};
  for (const auto& [name, value] : head.headers) {
    if (!std::all_of(name.begin(), name.end(), is_token_character))
      return Refusal{400, "a header is no name with a colon behind it"};
  }
  for (const char* const single : {"host", "content-length", "origin", "authorization"}) {
    const auto is_it = [single](const auto& header) { return header.first == single; };
    if (std::count_if(head.headers.begin(), head.headers.end(), is_it) > 1)
      return Refusal{400, std::string("there are two headers ") + single};
  }
  return std::nullopt;
}

std::variant<size_t, Refusal> body_length(const Request& head, size_t most) {
  if (head.header("transfer-encoding") != nullptr)
    return Refusal{411, "expected a body with a Content-Length, not one in pieces (Transfer-Encoding)"};
  const std::string* const text = head.header("content-length");
  if (text == nullptr) return size_t{0};
  size_t length = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, length);
  if (rest != end || error == std::errc::invalid_argument) return Refusal{400, "Content-Length is no number"};
  if (error == std::errc() && length <= most) return length;
  return Refusal{413, "the body has " + *text + " bytes; expected " + std::to_string(most) + " at most"};
}

}  // namespace mobilediffusion::net
