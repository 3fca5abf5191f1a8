// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What stb_image does here: decode JPEG, and inflate PNG's data. Each answers why not, "" where it went well. All throw
// std::bad_alloc alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mobilediffusion {

std::string stb_jpeg_size(std::span<const uint8_t> jpeg, int* width, int* height);

// As RGB. The size must be the file's.
std::string stb_jpeg_pixels(std::span<const uint8_t> jpeg, int width, int height, std::vector<uint8_t>* rgb);

// The first `size` bytes of what a zlib stream inflates to; whatever follows them is not inflated. Both sizes must be
// below 2^31 - 2^16.
std::string stb_inflate(std::span<const uint8_t> zlib, size_t size, std::unique_ptr<uint8_t[]>* bytes);

}  // namespace mobilediffusion
