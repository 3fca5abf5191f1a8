// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#pragma once

#include <istream>
#include <string>

#include "mobilediffusion/status.h"

namespace mobilediffusion::cli {

// A text's lines, however its writer marks them: with or without a carriage return, behind a byte-order mark or none.
class LineReader {
 public:
  explicit LineReader(std::istream& in) : in_(in) {}

  // False at the end, and where the text is UTF-16, which status() then says.
  bool next(std::string& line);

  // The same, passing over lines of nothing but spaces, which are no prompts.
  bool next_prompt(std::string& prompt);

  int line_number() const { return number_; }  // of the line read last; the first is 1
  const Status& status() const { return status_; }

 private:
  std::istream& in_;
  int number_ = 0;
  Status status_;
};

}  // namespace mobilediffusion::cli
