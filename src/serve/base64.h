// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Bytes as text (RFC 4648, section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mobilediffusion::serve {

std::string to_base64(std::span<const uint8_t> bytes);

// Nothing where the text is none of that alphabet, or not padded.
std::optional<std::vector<uint8_t>> from_base64(std::string_view text);

}  // namespace mobilediffusion::serve
