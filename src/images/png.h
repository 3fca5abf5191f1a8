// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG files with text in them (W3C, "Portable Network Graphics", second edition; iTXt is its section 11.3.4.5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/status.h"
#include "src/images/text_entry.h"

namespace mobilediffusion {

// Pixels, row after row without padding, 3 (RGB) or 4 (RGBA) bytes each, to a PNG without text. Errors:
// kInvalidArgument (a size below 1, or more bytes than one PNG of ours can hold). Throws std::bad_alloc alone.
Result<std::vector<uint8_t>> compress_png(std::span<const uint8_t> pixels, int width, int height, int channels);

// Puts the texts into a PNG that compress_png() made, before the pixels, so that a reader finds them first. Errors:
// kInvalidArgument (a text of 2 GiB or more). Throws std::bad_alloc alone.
Result<std::vector<uint8_t>> insert_texts(std::span<const uint8_t> png, std::span<const TextEntry> texts);

// Walks a whole PNG, every length and every CRC checked, nothing in it trusted, and shows each chunk. `origin` names it
// in messages. Errors: kInvalidArgument.
Status walk_png(std::span<const uint8_t> png, const std::string& origin,
                const std::function<void(std::string_view type, std::span<const uint8_t> data)>& chunk);

// The uncompressed iTXt chunks of any PNG, in the file's order. Errors: as walk_png(). Throws std::bad_alloc.
Result<std::vector<TextEntry>> read_texts(std::span<const uint8_t> png, const std::string& origin);

// Any PNG's pixels as kRgb: every colour type and depth (16 bits cut to 8), interlaced or not, over white where it is
// transparent, turned as its eXIf chunk says. Of its data no more is inflated than its header asks for, and no
// compressed text or profile at all. Errors: as walk_png(). Throws std::bad_alloc.
Result<Image> decode_png(std::span<const uint8_t> png, const std::string& origin);

}  // namespace mobilediffusion
