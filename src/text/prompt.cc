// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/text/prompt.h"

#include <utf8proc.h>

#include <algorithm>
#include <string>

namespace mobilediffusion {

Status check_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    int32_t c = 0;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &c);
    if (size <= 0)
      return Status(StatusCode::kInvalidArgument, "the prompt is not valid UTF-8: see byte " + std::to_string(at));
    at += static_cast<size_t>(size);
  }
  return {};
}

TokenizedPrompt fit_prompt(const std::vector<int>& ids, int length, const SpecialTokens& special) {
  TokenizedPrompt prompt;
  prompt.prompt_tokens = static_cast<int>(ids.size());
  const size_t room = static_cast<size_t>(length) - 2;
  prompt.truncated = ids.size() > room;
  prompt.ids.push_back(special.start);
  prompt.ids.insert(prompt.ids.end(), ids.begin(),
                    ids.begin() + static_cast<std::ptrdiff_t>(std::min(room, ids.size())));
  prompt.ids.push_back(special.end);
  prompt.ids.resize(static_cast<size_t>(length), special.pad);
  return prompt;
}

}  // namespace mobilediffusion
