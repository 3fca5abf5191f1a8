// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG files with text in them (W3C, "Portable Network Graphics", second edition; iTXt is its section 11.3.4.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mobilediffusion/status.h"

namespace mobilediffusion {

// One iTXt chunk, uncompressed and of no language.
struct PngText {
  std::string keyword;  // 1 to 79 characters of printable ASCII
  std::string text;     // UTF-8 without NUL
};

// Pixels, row after row without padding, 3 (RGB) or 4 (RGBA) bytes each, to a PNG without text. Errors:
// kInvalidArgument (a size below 1, or more bytes than one PNG of ours can hold). Throws std::bad_alloc alone.
Result<std::vector<uint8_t>> compress_png(std::span<const uint8_t> pixels, int width, int height, int channels);

// Puts the texts into a PNG that compress_png() made, before the pixels, so that a reader finds them first. Errors:
// kInvalidArgument (a text of 2 GiB or more). Throws std::bad_alloc alone.
Result<std::vector<uint8_t>> insert_texts(std::span<const uint8_t> png, std::span<const PngText> texts);

// The uncompressed iTXt chunks of any PNG, in the file's order. The whole file is walked, every length and every CRC
// checked; nothing in it is trusted. `origin` names it in messages. Errors: kInvalidArgument. Throws std::bad_alloc.
Result<std::vector<PngText>> read_texts(std::span<const uint8_t> png, const std::string& origin);

}  // namespace mobilediffusion
