// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// JSON written without a tree, which could not be destroyed where no memory is left (json_document.h).
#pragma once

#include <string>
#include <string_view>

namespace mobilediffusion {

// A string in its quotes. Throws where the text is no UTF-8.
std::string json_string(std::string_view text);

// An object, member by member in the order given. A name must not be given twice.
class JsonObjectText {
 public:
  // `value` is JSON itself.
  void add(std::string_view name, std::string_view value);

  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

}  // namespace mobilediffusion
