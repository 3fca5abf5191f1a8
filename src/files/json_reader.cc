// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/json_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mobilediffusion {

using nlohmann::json;

namespace {

// What a message shows of a value: the value, cut where it is long.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// Python writes numbers that JSON has no words for as NaN, Infinity and -Infinity: taken for strings of these names, so
// that they do no harm where nobody asks for them, and are named where somebody does. Text within quotes stays.
std::string with_pythons_numbers(std::string_view text) {
  std::string changed;
  bool quoted = false;
  for (size_t at = 0; at < text.size();) {
    size_t taken = 1;
    if (quoted && text[at] == '\\') {
      taken = std::min<size_t>(2, text.size() - at);
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
        if (!text.substr(at).starts_with(word)) continue;
        changed.append("\"").append(word).append("\"");
        at += word.size();
        taken = 0;
        break;
      }
    }
    changed.append(text.substr(at, taken));
    at += taken;
  }
  return changed;
}

}  // namespace

JsonReader::JsonReader(std::string_view text, std::string origin) : origin_(std::move(origin)) {
  document_.emplace(text);
  if (object().is_discarded() && !document_->too_deep()) document_.emplace(with_pythons_numbers(text));
  if (document_->too_deep()) {
    fail("is nested deeper than " + std::to_string(JsonDocument::kDeepest) + " levels");
  } else if (object().is_discarded()) {
    fail("is not valid JSON");
  } else if (!object().is_object()) {
    fail("must hold a JSON object, but holds " + shown(object()));
  }
}

bool JsonReader::has(const char* key) const {
  return object().is_object() && object().contains(key) && !object()[key].is_null();
}

Status JsonReader::take_status() { return std::exchange(status_, Status()); }

void JsonReader::fail(const std::string& message, StatusCode code) {
  if (status_.ok()) status_ = Status(code, origin_ + " " + message);
}

void JsonReader::refuse(const std::string& where, const std::string& expected, const json& found) {
  fail("has a wrong " + where + ": expected " + expected + ", found " + shown(found));
}

const json* JsonReader::take(const char* key, const char* expected) {
  if (!status_.ok()) return nullptr;
  if (!has(key)) {
    fail(std::string("lacks the key \"") + key + "\" (" + expected + ")");
    return nullptr;
  }
  return &object()[key];
}

int64_t JsonReader::integer_from(const json& value, const std::string& where, int64_t low, int64_t high) {
  const std::string expected = "an integer from " + std::to_string(low) + " to " + std::to_string(high);
  // a float that is whole is an integer that another program wrote
  const bool whole = value.is_number_float() && std::nearbyint(value.get<double>()) == value.get<double>();
  if (!value.is_number_integer() && !whole) return refuse(where, expected, value), low;
  const double approximate = value.get<double>();
  if (approximate < static_cast<double>(low) || approximate > static_cast<double>(high))
    return refuse(where, expected, value), low;
  return whole ? static_cast<int64_t>(approximate) : value.get<int64_t>();
}

int64_t JsonReader::integer(const char* key, int64_t low, int64_t high) {
  const json* value = take(key, "an integer");
  return value ? integer_from(*value, "\"" + std::string(key) + "\"", low, high) : low;
}

int64_t JsonReader::integer(const char* key, int64_t low, int64_t high, int64_t fallback) {
  return has(key) ? integer(key, low, high) : fallback;
}

double JsonReader::number(const char* key, double low, double high) {
  const json* value = take(key, "a number");
  if (!value) return low;
  if (value->is_number() && value->get<double>() >= low && value->get<double>() <= high) return value->get<double>();
  refuse("\"" + std::string(key) + "\"", "a number from " + json(low).dump() + " to " + json(high).dump(), *value);
  return low;
}

double JsonReader::number(const char* key, double low, double high, double fallback) {
  return has(key) ? number(key, low, high) : fallback;
}

bool JsonReader::boolean(const char* key) {
  const json* value = take(key, "true or false");
  if (!value) return false;
  if (value->is_boolean()) return value->get<bool>();
  refuse("\"" + std::string(key) + "\"", "true or false", *value);
  return false;
}

bool JsonReader::boolean(const char* key, bool fallback) { return has(key) ? boolean(key) : fallback; }

std::string JsonReader::string(const char* key) {
  const json* value = take(key, "a string");
  if (!value) return {};
  if (value->is_string()) return value->get<std::string>();
  refuse("\"" + std::string(key) + "\"", "a string", *value);
  return {};
}

std::string JsonReader::string(const char* key, const std::string& fallback) {
  return has(key) ? string(key) : fallback;
}

const json* JsonReader::list(const char* key, size_t fewest, size_t most) {
  const json* value = take(key, "a list");
  if (!value) return nullptr;
  if (value->is_array() && value->size() >= fewest && value->size() <= most) return value;
  const std::string length =
      fewest == most ? std::to_string(most) : std::to_string(fewest) + " to " + std::to_string(most);
  refuse("\"" + std::string(key) + "\"", "a list of " + length + " entries", *value);
  return nullptr;
}

std::vector<int> JsonReader::integers(const char* key, size_t fewest, size_t most, int64_t low, int64_t high) {
  std::vector<int> values;
  if (const json* entries = list(key, fewest, most)) {
    for (const json& entry : *entries) {
      const std::string where = "entry " + std::to_string(values.size()) + " of \"" + key + "\"";
      values.push_back(static_cast<int>(integer_from(entry, where, low, high)));
    }
  }
  return values;
}

std::vector<std::string> JsonReader::strings(const char* key, size_t fewest, size_t most) {
  std::vector<std::string> values;
  if (const json* entries = list(key, fewest, most)) {
    for (const json& entry : *entries) {
      if (!entry.is_string())
        refuse("entry " + std::to_string(values.size()) + " of \"" + key + "\"", "a string", entry);
      values.push_back(entry.is_string() ? entry.get<std::string>() : std::string());
    }
  }
  return values;
}

std::vector<bool> JsonReader::booleans(const char* key, size_t fewest, size_t most) {
  std::vector<bool> values;
  if (const json* entries = list(key, fewest, most)) {
    for (const json& entry : *entries) {
      if (!entry.is_boolean())
        refuse("entry " + std::to_string(values.size()) + " of \"" + key + "\"", "true or false", entry);
      values.push_back(entry.is_boolean() && entry.get<bool>());
    }
  }
  return values;
}

}  // namespace mobilediffusion
