// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/prompt_lines.h"

namespace mobilediffusion::cli {

bool LineReader::next(std::string& line) {
  if (!std::getline(in_, line)) return false;
  if (++number_ == 1) {
    if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")) {
      status_ = Status(StatusCode::kInvalidArgument, "the prompts are UTF-16 text; expected UTF-8");
      return false;
    }
    if (line.starts_with("\xef\xbb\xbf")) line.erase(0, 3);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool LineReader::next_prompt(std::string& prompt) {
  while (next(prompt)) {
    if (prompt.find_first_not_of(" \t\v\f\r") != std::string::npos) return true;
  }
  return false;
}

}  // namespace mobilediffusion::cli
