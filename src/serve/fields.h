// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The fields of a request's JSON object. The first thing that is wrong is latched, so that reading them looks like a
// list of what there is; a null is taken for a field that is not there.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "src/files/json_document.h"
#include "src/serve/api_error.h"

namespace mobilediffusion::serve {

class Fields {
 public:
  explicit Fields(const std::string& body);

  // Each is nothing where the field is not there or is wrong.
  std::optional<std::string> text(const std::string& name, size_t most_characters);
  std::optional<int64_t> whole(const std::string& name, int64_t least, int64_t most);
  std::optional<uint64_t> seed(const std::string& name);
  std::optional<double> number(const std::string& name, double least, double most);
  std::optional<std::string> one_of(const std::string& name, std::initializer_list<std::string_view> values);
  std::optional<bool> yes_or_no(const std::string& name);

  // A text that must be there.
  std::string required_text(const std::string& name, size_t most_characters);

  // Latches an error where there is a field that was not asked for.
  void refuse_others();

  void refuse(const std::string& name, const std::string& message, const char* code = "invalid_value");
  const std::optional<ApiError>& error() const { return error_; }

 private:
  // Null where the field is not there, or something was wrong before.
  const nlohmann::json* find(const std::string& name);

  JsonDocument document_;
  std::set<std::string> known_;
  std::optional<ApiError> error_;
};

}  // namespace mobilediffusion::serve
