// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/net/http.h"

#include <algorithm>
#include <charconv>

namespace mobilediffusion::net {
namespace {

constexpr size_t kMostTarget = 4096;

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

// What a target and a value may hold: no control characters, and of a target no blanks.
bool is_visible(char c) { return static_cast<unsigned char>(c) > 32 && c != 127; }
bool is_value_character(char c) { return is_visible(c) || c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// The next line, without its end; moves behind it.
std::string_view next_line(std::string_view& rest) {
  const size_t end = std::min(rest.find("\r\n"), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 2, rest.size()));
  return line;
}

std::optional<Refusal> read_request_line(std::string_view line, Request& request) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Refusal{400, "the request line has not three parts"};
  const std::string_view method = line.substr(0, first), target = line.substr(first + 1, last - first - 1),
                         version = line.substr(last + 1);
  if (!is_token(method)) return Refusal{400, "the method is no word"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return Refusal{version.substr(0, 5) == "HTTP/" ? 505 : 400, "expected HTTP/1.1 or HTTP/1.0"};
  if (target.size() > kMostTarget)
    return Refusal{414, "the address is longer than " + std::to_string(kMostTarget) + " bytes"};
  if (target.empty() || target.front() != '/' || !std::all_of(target.begin(), target.end(), is_visible))
    return Refusal{400, "expected an address that begins with a slash"};
  request.method = method;
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  return std::nullopt;
}

std::optional<Refusal> read_header(std::string_view line, Request& request) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return Refusal{400, "a header is no name with a colon behind it"};
  std::string name = in_lower_case(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_character))
    return Refusal{400, "the header " + name + " has a control character"};
  if ((name == "host" || name == "content-length" || name == "origin" || name == "authorization") &&
      request.header(name) != nullptr)
    return Refusal{400, "there are two headers " + name};
  request.headers.emplace_back(std::move(name), value);
  return std::nullopt;
}

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

std::variant<Request, Refusal> parse_head(std::string_view head) {
  Request request;
  if (auto refusal = read_request_line(next_line(head), request)) return *refusal;
  while (!head.empty()) {
    const std::string_view line = next_line(head);
    if (line.empty()) break;
    if (auto refusal = read_header(line, request)) return *refusal;
  }
  return request;
}

std::variant<size_t, Refusal> body_length(const Request& head) {
  if (head.header("transfer-encoding") != nullptr)
    return Refusal{411, "expected a body with a Content-Length, not one in pieces (Transfer-Encoding)"};
  const std::string* const text = head.header("content-length");
  if (text == nullptr) return size_t{0};
  size_t length = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, length);
  if (error == std::errc::result_out_of_range) return Refusal{413, "the body is too large"};
  if (error != std::errc() || rest != end) return Refusal{400, "Content-Length is no number"};
  return length;
}

std::string head_of(const Response& response, std::optional<size_t> length) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
  head += reason_of(response.status);
  head += "\r\nConnection: close\r\n";
  if (!response.type.empty()) head += "Content-Type: " + response.type + "\r\n";
  if (length) head += "Content-Length: " + std::to_string(*length) + "\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
  }
  return "Answer";
}

}  // namespace mobilediffusion::net
