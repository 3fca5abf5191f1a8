// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The only file that sees stb_image.
#include "src/images/stb.h"

#include <cstdlib>
#include <cstring>
#include <new>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_SUPPORT_ZLIB
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
// What a damaged JPEG never writes is shown: zeros, rather than what this process had in that memory before.
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(memory, size) std::realloc(memory, size)
#define STBI_FREE(memory) std::free(memory)
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include "stb_image.h"
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace mobilediffusion {
namespace {

// stb's last reason. Out of memory is thrown.
std::string reason() {
  const char* const text = stbi_failure_reason();
  if (text == nullptr) return "unknown reason";
  if (std::strcmp(text, "outofmem") == 0) throw std::bad_alloc();
  return text;
}

}  // namespace

std::string stb_jpeg_size(std::span<const uint8_t> jpeg, int* width, int* height) {
  int channels = 0;
  const bool read = stbi_info_from_memory(jpeg.data(), static_cast<int>(jpeg.size()), width, height, &channels) != 0;
  return read ? "" : reason();
}

std::string stb_jpeg_pixels(std::span<const uint8_t> jpeg, int width, int height, std::vector<uint8_t>* rgb) {
  int found_width = 0, found_height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(jpeg.data(), static_cast<int>(jpeg.size()), &found_width, &found_height, &channels,
                            STBI_rgb),
      &stbi_image_free);
  if (pixels == nullptr) return reason();
  if (found_width != width || found_height != height) return "two sizes";
  rgb->assign(pixels.get(), pixels.get() + size_t{3} * static_cast<size_t>(width) * static_cast<size_t>(height));
  return "";
}

std::string stb_inflate(std::span<const uint8_t> zlib, size_t size, std::unique_ptr<uint8_t[]>* bytes) {
  // Where the buffer ends stb stops, before the block or the match that would not fit; none is longer than this, so the
  // first `size` bytes are there by then.
  constexpr size_t kLongestCopy = 65536;
  bytes->reset(new uint8_t[size + kLongestCopy]);
  const int inflated =
      stbi_zlib_decode_buffer(reinterpret_cast<char*>(bytes->get()), static_cast<int>(size + kLongestCopy),
                              reinterpret_cast<const char*>(zlib.data()), static_cast<int>(zlib.size()));
  if (inflated < 0) {
    const std::string why = reason();
    return why == "output buffer limit" ? "" : why;
  }
  if (static_cast<size_t>(inflated) < size)
    return "its data are " + std::to_string(inflated) + " bytes; expected " + std::to_string(size);
  return "";
}

}  // namespace mobilediffusion
