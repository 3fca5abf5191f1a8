// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// The public face of pictures: what throws below ends here.
#include "mobilediffusion/image.h"

#include <exception>
#include <new>

#include "src/files/file_io.h"
#include "src/images/png.h"
#include "src/images/provenance.h"

namespace mobilediffusion {
namespace {

// No picture of ours comes near it, and a hostile file shall not eat the memory.
constexpr size_t kMaxPngBytes = size_t{1} << 30;

// Runs `body`, which returns a Status or a Result, and turns what it throws into one.
template <typename Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kOutOfMemory, "out of memory");  // short: within std::string itself
  } catch (const std::exception& error) {
    return Status(StatusCode::kInternal, error.what());
  }
}

Result<std::vector<uint8_t>> encode(const Image& image, const SaveOptions& options) {
  if (image.pixels.empty()) {
    return Status(StatusCode::kInvalidArgument, "the image holds no pixels: they went to the caller's own memory");
  }
  Result<std::vector<uint8_t>> png =
      compress_png(image.pixels, image.width, image.height, static_cast<int>(image.format));
  if (!png.ok() || !options.metadata) return png;
  return insert_texts(*png, texts_of(image.provenance));
}

}  // namespace

Result<std::vector<uint8_t>> Image::encode_png(const SaveOptions& options) const {
  return guarded([&] { return encode(*this, options); });
}

Status Image::save(const std::string& path, const SaveOptions& options) const {
  return guarded([&]() -> Status {
    const Result<std::vector<uint8_t>> png = encode(*this, options);
    return png.ok() ? write_file_atomically(path, *png) : png.status();
  });
}

Result<Provenance> read_provenance(const std::string& path) {
  return guarded([&]() -> Result<Provenance> {
    const Result<std::vector<uint8_t>> png = read_file(path, kMaxPngBytes);
    if (!png.ok()) return png.status();
    const Result<std::vector<PngText>> texts = read_texts(*png, path);
    if (!texts.ok()) return texts.status();
    return provenance_of(*texts, path);
  });
}

}  // namespace mobilediffusion
