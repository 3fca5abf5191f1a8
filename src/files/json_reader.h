// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Reads one JSON object whose values are checked as they are taken: type and range, the first offence latched with the
// file, the key, what was expected and what was found.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/status.h"
#include "src/files/in_message.h"
#include "src/files/json_document.h"

namespace mobilediffusion {

class JsonReader {
 public:
  // `origin` is the file's name for the messages. A text that is no JSON object is latched.
  JsonReader(std::string_view text, std::string origin);

  const Status& status() const { return status_; }
  bool has(const char* key) const;  // null counts as absent
  Status take_status();             // answers status() and makes it good again, so that reading can go on
  void fail(const std::string& message, StatusCode code = StatusCode::kInvalidModel);

  // Each takes the value of a key that must be there, or answers `fallback` where a second form is given.
  int64_t integer(const char* key, int64_t low, int64_t high);
  int64_t integer(const char* key, int64_t low, int64_t high, int64_t fallback);
  double number(const char* key, double low, double high);
  double number(const char* key, double low, double high, double fallback);
  bool boolean(const char* key);
  bool boolean(const char* key, bool fallback);
  std::string string(const char* key);
  std::string string(const char* key, const std::string& fallback);

  // Lists, of between `fewest` and `most` entries.
  std::vector<int> integers(const char* key, size_t fewest, size_t most, int64_t low, int64_t high);
  std::vector<std::string> strings(const char* key, size_t fewest, size_t most);
  std::vector<bool> booleans(const char* key, size_t fewest, size_t most);

  const nlohmann::json& object() const { return document_->root(); }
  const JsonDocument& document() const { return *document_; }

 private:
  const nlohmann::json* take(const char* key, const char* expected);
  const nlohmann::json* list(const char* key, size_t fewest, size_t most);
  void refuse(const std::string& where, const std::string& expected, const nlohmann::json& found);
  int64_t integer_from(const nlohmann::json& value, const std::string& where, int64_t low, int64_t high);

  std::string origin_;
  std::optional<JsonDocument> document_;
  Status status_;
};

}  // namespace mobilediffusion
