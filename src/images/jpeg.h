// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// JPEG files (ITU T.81) with text in them: an XMP packet as ISO 16684-1, part 3, has it, and all other texts as one
// JSON object in a comment, {"Software": "...", "prompt": "...", ...}, every value a string. A comment that fills its
// segment goes on in the next one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/status.h"
#include "src/images/text_entry.h"

namespace mobilediffusion {

// Pixels, row after row without padding, 3 (RGB) or 4 (RGBA, laid over white) bytes each, to a JPEG without text.
// Errors: kInvalidArgument (a size or a quality that none has). Throws std::bad_alloc alone.
Result<std::vector<uint8_t>> compress_jpeg(std::span<const uint8_t> pixels, int width, int height, int channels,
                                           int quality);

// Puts the texts into a JPEG that compress_jpeg() made, behind its first segment, so that a reader finds them first. An
// XMP packet is 65502 bytes at most. Throws std::bad_alloc alone.
std::vector<uint8_t> insert_jpeg_texts(std::span<const uint8_t> jpeg, std::span<const TextEntry> texts);

// Those texts, the XMP packet left out, of any JPEG; none where there are none of ours. `origin` names it in messages.
// Errors: kInvalidArgument (not a JPEG, damaged). Throws std::bad_alloc.
Result<std::vector<TextEntry>> read_jpeg_texts(std::span<const uint8_t> jpeg, const std::string& origin);

// Any JPEG's pixels as kRgb, turned as its Exif says. Errors: as above. Throws std::bad_alloc.
Result<Image> decode_jpeg(std::span<const uint8_t> jpeg, const std::string& origin);

// Whether it can be decoded at all: its markers lead to its end, its tables are sound, and its data are enough for the
// size that its frame announces. Errors: kInvalidArgument.
Status check_jpeg(std::span<const uint8_t> jpeg, const std::string& origin);

}  // namespace mobilediffusion
