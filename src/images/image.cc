// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The public face of pictures: what throws below ends here.
#include "mobilediffusion/image.h"

#include <optional>
#include <string>

#include "src/files/file_io.h"
#include "src/files/guarded.h"
#include "src/images/file_format.h"
#include "src/images/jpeg.h"
#include "src/images/png.h"
#include "src/images/provenance.h"

namespace mobilediffusion {
namespace {

// No picture of ours comes near it, and a hostile file shall not eat the memory.
constexpr size_t kMostBytes = size_t{1} << 30;

Result<std::vector<uint8_t>> encode(const Image& image, FileFormat format, const SaveOptions& options) {
  if (image.pixels.empty()) {
    return Status(StatusCode::kInvalidArgument, "the image holds no pixels: they went to the caller's own memory");
  }
  const auto channels = static_cast<int>(image.format);
  if (image.format != PixelFormat::kRgb && image.format != PixelFormat::kRgba)
    return Status(StatusCode::kInvalidArgument, "format " + std::to_string(channels) + " is not one of image.h");
  Result<std::vector<uint8_t>> bytes =
      format == FileFormat::kPng
          ? compress_png(image.pixels, image.width, image.height, channels)
          : compress_jpeg(image.pixels, image.width, image.height, channels, options.jpeg_quality);
  if (!bytes.ok() || !options.metadata) return bytes;
  const std::vector<TextEntry> texts = texts_of(image.provenance);
  if (format == FileFormat::kPng) return insert_texts(*bytes, texts);
  return insert_jpeg_texts(*bytes, texts);
}

}  // namespace

Result<std::vector<uint8_t>> Image::encode_png(const SaveOptions& options) const {
  return guarded([&] { return encode(*this, FileFormat::kPng, options); });
}

Result<std::vector<uint8_t>> Image::encode_jpeg(const SaveOptions& options) const {
  return guarded([&] { return encode(*this, FileFormat::kJpeg, options); });
}

Status Image::save(const std::string& path, const SaveOptions& options) const {
  return guarded([&]() -> Status {
    const Result<FileFormat> format = format_of_path(path);
    if (!format.ok()) return format.status();
    const Result<std::vector<uint8_t>> bytes = encode(*this, *format, options);
    return bytes.ok() ? write_file_atomically(path, *bytes) : bytes.status();
  });
}

Result<Provenance> read_provenance(const std::string& path) {
  return guarded([&]() -> Result<Provenance> {
    const Result<std::vector<uint8_t>> bytes = read_file(path, kMostBytes);
    if (!bytes.ok()) return bytes.status();
    const std::optional<FileFormat> format = format_of_bytes(*bytes);
    if (!format) return Status(StatusCode::kInvalidArgument, path + ": neither a PNG nor a JPEG");
    const Result<std::vector<TextEntry>> texts =
        *format == FileFormat::kPng ? read_texts(*bytes, path) : read_jpeg_texts(*bytes, path);
    if (!texts.ok()) return texts.status();
    return provenance_of(*texts, path);
  });
}

}  // namespace mobilediffusion
