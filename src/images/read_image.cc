// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// PNG and JPEG files to pixels.
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "mobilediffusion/image.h"
#include "src/files/file_io.h"
#include "src/images/file_format.h"
#include "src/images/jpeg.h"
#include "src/images/png.h"

namespace mobilediffusion {
namespace {

constexpr size_t kMostBytes = size_t{256} << 20;

}  // namespace

Result<Image> read_image(const std::string& path) {
  try {
    const Result<std::vector<uint8_t>> bytes = read_file(path, kMostBytes);
    if (!bytes.ok()) return bytes.status();
    const std::optional<FileFormat> format = format_of_bytes(*bytes);
    if (!format) return Status(StatusCode::kInvalidArgument, path + " is neither a PNG nor a JPEG");
    return *format == FileFormat::kPng ? decode_png(*bytes, path) : decode_jpeg(*bytes, path);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, error.what());
  }
}

}  // namespace mobilediffusion
