// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/numbers.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <random>

namespace mobilediffusion::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits from `at` on; moves it behind them.
bool skip_digits(const std::string& text, size_t& at) {
  const size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at > begin;
}

bool skip_sign(const std::string& text, size_t& at) {
  const bool signed_text = at < text.size() && (text[at] == '+' || text[at] == '-');
  if (signed_text) ++at;
  return signed_text;
}

// Without a plus and without zeros in front, which would make it octal.
std::string whole_number(std::string& text) {
  size_t at = 0;
  skip_sign(text, at);
  size_t end = at;
  if (!skip_digits(text, end) || end != text.size()) return "expected a whole number in decimal, not \"" + text + "\"";
  const std::string sign = text[0] == '-' ? "-" : "";
  while (at + 1 < text.size() && text[at] == '0') ++at;
  text = sign + text.substr(at);
  return {};
}

std::string number(std::string& text) {
  size_t at = 0;
  skip_sign(text, at);
  bool fits = skip_digits(text, at);
  if (at < text.size() && text[at] == '.') fits |= skip_digits(text, ++at);
  if (fits && at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    skip_sign(text, ++at);
    fits = skip_digits(text, at);
  }
  return fits && at == text.size() ? "" : "expected a number in decimal, as 7.5, not \"" + text + "\"";
}

std::string seed(std::string& text) {
  std::string digits = text;
  uint64_t value = 0;
  const bool decimal = !text.empty() && is_digit(text[0]) && whole_number(digits).empty();
  if (decimal && std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc()) {
    text = digits;
    return {};
  }
  return "must be 0 to 18446744073709551615, not \"" + text + "\"";
}

}  // namespace

const CLI::Validator kWholeNumber(whole_number, "");
const CLI::Validator kNumber(number, "");
const CLI::Validator kSeed(seed, "");
const CLI::Validator kSeedOrRandom(
    [](std::string& text) -> std::string {
      if (is_random(text)) return {};
      const std::string complaint = seed(text);
      return complaint.empty() ? "" : complaint + "; random or -1 takes one by chance";
    },
    "");

bool is_random(const std::string& text) { return text == "random" || text == "-1"; }

uint64_t seed_from(const std::string& text) {
  if (is_random(text)) return std::random_device()();
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Result<Size> parse_size(const std::string& text) {
  Size size;
  const char* const end = text.data() + text.size();
  const auto [middle, width_error] = std::from_chars(text.data(), end, size.width);
  if (width_error == std::errc() && middle != end && (*middle == 'x' || *middle == 'X')) {
    const auto [rest, height_error] = std::from_chars(middle + 1, end, size.height);
    if (height_error == std::errc() && rest == end && size.width > 0 && size.height > 0) return size;
  }
  return Status(StatusCode::kInvalidArgument,
                "--size must be WIDTHxHEIGHT in pixels, as 512x384, not \"" + text + "\"");
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string with_unit(double value) {
  const char* unit = "";
  for (const char* larger : {" k", " M", " G", " T"}) {
    if (value < 1000) break;
    value /= 1000;
    unit = larger;
  }
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f%s" : value < 100 ? "%.2f%s" : "%.1f%s", value, unit);
  return text;
}

}  // namespace mobilediffusion::cli
