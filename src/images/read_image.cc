// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG and JPEG files to pixels.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/files/file_io.h"
#include "src/files/guarded.h"
#include "src/images/file_format.h"
#include "src/images/jpeg.h"
#include "src/images/png.h"

namespace mobilediffusion {
namespace {

constexpr size_t kMostFileBytes = size_t{256} << 20;

Result<Image> decode(std::span<const uint8_t> bytes, const std::string& origin) {
  const std::optional<FileFormat> format = format_of_bytes(bytes);
  if (!format) return Status(StatusCode::kInvalidArgument, origin + " is neither a PNG nor a JPEG");
  return *format == FileFormat::kPng ? decode_png(bytes, origin) : decode_jpeg(bytes, origin);
}

}  // namespace

Result<Image> read_image(const std::string& path) {
  return guarded([&]() -> Result<Image> {
    const Result<std::vector<uint8_t>> bytes = read_file(path, kMostFileBytes);
    return bytes.ok() ? decode(*bytes, path) : bytes.status();
  });
}

Result<Image> decode_image(std::span<const uint8_t> file) {
  return guarded([&]() -> Result<Image> {
    if (file.size() > kMostFileBytes)
      return Status(StatusCode::kInvalidArgument,
                    "the picture in memory is too large: more than " + std::to_string(kMostFileBytes) + " bytes");
    return decode(file, "the picture in memory");
  });
}

}  // namespace mobilediffusion
