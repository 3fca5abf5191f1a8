// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/fields.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "src/files/in_message.h"

namespace mobilediffusion::serve {
namespace {

using nlohmann::json;

size_t characters(const std::string& utf8) {
  return static_cast<size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shown(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

// "an integer", as a message has it.
std::string kind_of(const json& value) {
  switch (value.type()) {
    case json::value_t::string:
      return "a string";
    case json::value_t::boolean:
      return "a boolean";
    case json::value_t::array:
      return "an array";
    case json::value_t::object:
      return "an object";
    case json::value_t::number_float:
      return "a decimal";
    default:
      return value.is_number() ? "an integer" : "null";
  }
}

std::string wrong_type(const std::string& name, const std::string& expected, const json& found) {
  return "Invalid type for '" + name + "': expected " + expected + ", but got " + kind_of(found) + " instead.";
}

std::string out_of_range(const std::string& name, const std::string& expected, const std::string& found) {
  return "Invalid '" + name + "': expected " + expected + ", but got " + found + " instead.";
}

// 3.0 is a whole number as well.
bool is_whole(const json& value) {
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

}  // namespace

Fields::Fields(const std::string& body) : document_(body) {
  const json& root = document_.root();
  if (document_.too_deep()) {
    error_ = ApiError{400, "expected a body that is nested less deeply", {}, "invalid_json"};
  } else if (root.is_discarded()) {
    error_ = ApiError{400, "expected a body in JSON and UTF-8", {}, "invalid_json"};
  } else if (!root.is_object()) {
    error_ = ApiError{400, "expected one JSON object, but got " + kind_of(root), {}, "invalid_json"};
  }
}

const json* Fields::find(const std::string& name) {
  known_.insert(name);
  const auto found = document_.root().find(name);
  return error_ || found == document_.root().end() || found->is_null() ? nullptr : &*found;
}

void Fields::refuse(const std::string& name, const std::string& message, const char* code) {
  if (!error_) error_ = ApiError{400, message, name, code};
}

std::optional<std::string> Fields::text(const std::string& name, size_t most_characters) {
  const json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    refuse(name, wrong_type(name, "a string", *value), "invalid_type");
    return std::nullopt;
  }
  const std::string& text = value->get_ref<const std::string&>();
  if (const size_t length = characters(text); length > most_characters) {
    refuse(name,
           "Invalid '" + name + "': expected at most " + std::to_string(most_characters) + " characters, but got " +
               std::to_string(length) + " instead.",
           "string_above_max_length");
    return std::nullopt;
  }
  return text;
}

std::string Fields::required_text(const std::string& name, size_t most_characters) {
  if (find(name) == nullptr) refuse(name, "Missing required parameter: '" + name + "'.", "missing_required_parameter");
  return text(name, most_characters).value_or("");
}

std::optional<int64_t> Fields::whole(const std::string& name, int64_t least, int64_t most) {
  const json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!is_whole(*value)) {
    refuse(name, wrong_type(name, "an integer", *value), "invalid_type");
    return std::nullopt;
  }
  const double wide = value->get<double>();  // which every number fits into
  if (wide >= static_cast<double>(least) && wide <= static_cast<double>(most)) return static_cast<int64_t>(wide);
  refuse(name, out_of_range(name, std::to_string(least) + " to " + std::to_string(most), shown(wide)));
  return std::nullopt;
}

std::optional<uint64_t> Fields::seed(const std::string& name) {
  const json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<uint64_t>();
  if (value->is_number_float() && is_whole(*value) && value->get<double>() >= 0 && value->get<double>() < 0x1p64)
    return static_cast<uint64_t>(value->get<double>());
  refuse(name, value->is_number()
                   ? out_of_range(name, "an integer of 0 to 18446744073709551615", shown(value->get<double>()))
                   : wrong_type(name, "an integer", *value));
  return std::nullopt;
}

std::optional<double> Fields::number(const std::string& name, double least, double most) {
  const json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    refuse(name, wrong_type(name, "a number", *value), "invalid_type");
    return std::nullopt;
  }
  const double found = value->get<double>();
  if (found >= least && found <= most) return found;
  refuse(name, out_of_range(name, shown(least) + " to " + shown(most), shown(found)));
  return std::nullopt;
}

std::optional<std::string> Fields::one_of(const std::string& name, std::initializer_list<std::string_view> values) {
  const std::optional<std::string> found = text(name, 1000);
  if (!found || std::find(values.begin(), values.end(), *found) != values.end()) return found;
  std::string list;
  for (const std::string_view value : values) add_to_list(list, "'" + std::string(value) + "'");
  refuse(name, "Invalid value: '" + in_message(*found) + "'. Supported values are: " + list + ".");
  return std::nullopt;
}

std::optional<bool> Fields::yes_or_no(const std::string& name) {
  const json* const value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  refuse(name, wrong_type(name, "a boolean", *value), "invalid_type");
  return std::nullopt;
}

void Fields::refuse_others() {
  if (error_) return;
  for (const auto& [name, value] : document_.root().items()) {
    if (known_.count(name) == 0)
      refuse(in_message(name), "Unknown parameter: '" + in_message(name) + "'.", "unknown_parameter");
  }
}

}  // namespace mobilediffusion::serve
