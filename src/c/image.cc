// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/image.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "src/c/answer.h"
#include "src/c/handles.h"
#include "src/c/options.h"
#include "src/options/option_checks.h"

using mobilediffusion::Image;
using mobilediffusion::PixelFormat;
using mobilediffusion::Pixels;
using mobilediffusion::Provenance;
using mobilediffusion::Result;
using mobilediffusion::Status;
using mobilediffusion::StatusCode;
using mobilediffusion::c::answer;
using mobilediffusion::c::handle_of;
using mobilediffusion::c::pixels_of;
using mobilediffusion::c::provenance_of;
using mobilediffusion::c::require;
using mobilediffusion::c::save_options_of;
using mobilediffusion::c::text_at;

namespace {

Status check(const Pixels& pixels) {
  if (Status status = require({{"pixels.data", pixels.data}}); !status.ok()) return status;
  if (pixels.format != PixelFormat::kRgb && pixels.format != PixelFormat::kRgba) {
    return Status(StatusCode::kInvalidArgument,
                  "pixels.format must be MD_RGB or MD_RGBA, not " + std::to_string(static_cast<int>(pixels.format)));
  }
  return mobilediffusion::check_pixel_count("pixels", pixels);
}

}  // namespace

void md_image_free(md_image* image) { delete image; }

int32_t md_image_width(const md_image* image) { return image != nullptr ? image->image.width : 0; }

int32_t md_image_height(const md_image* image) { return image != nullptr ? image->image.height : 0; }

md_pixel_format md_image_format(const md_image* image) {
  return image != nullptr ? static_cast<md_pixel_format>(image->image.format) : 0;
}

const uint8_t* md_image_pixels(const md_image* image) {
  return md_image_pixel_bytes(image) > 0 ? image->image.pixels.data() : nullptr;
}

size_t md_image_pixel_bytes(const md_image* image) { return image != nullptr ? image->image.pixels.size() : 0; }

double md_image_stage_seconds(const md_image* image, md_stage stage) {
  if (image == nullptr) return 0;
  switch (stage) {
    case MD_STAGE_TEXT:
      return image->image.timings.text;
    case MD_STAGE_UNET:
      return image->image.timings.unet;
    case MD_STAGE_DECODER:
      return image->image.timings.decoder;
    case MD_STAGE_ENCODER:
      return image->image.timings.encoder;
    default:
      return 0;
  }
}

double md_image_total_seconds(const md_image* image) { return image != nullptr ? image->image.timings.total : 0; }

int32_t md_image_prompt_truncated(const md_image* image) {
  return image != nullptr && image->image.prompt_truncated ? 1 : 0;
}

int32_t md_image_prompt_tokens(const md_image* image) { return image != nullptr ? image->image.prompt_tokens : 0; }

size_t md_image_unknown_word_count(const md_image* image) {
  return image != nullptr ? image->image.unknown_words.size() : 0;
}

const char* md_image_unknown_word(const md_image* image, size_t index) {
  return image != nullptr ? text_at(image->image.unknown_words, index) : "";
}

const md_provenance* md_image_provenance(const md_image* image) {
  return image != nullptr ? handle_of(&image->image.provenance) : nullptr;
}

md_status md_image_from_pixels(const md_pixels* pixels, const md_provenance* provenance, md_image** image,
                               md_error** error) {
  return answer("image", image, error, [&]() -> Result<Image> {
    if (Status status = require({{"pixels", pixels}}); !status.ok()) return status;
    const Pixels given = pixels_of(*pixels);
    if (Status status = check(given); !status.ok()) return status;
    const size_t bytes =
        static_cast<size_t>(given.width) * static_cast<size_t>(given.height) * static_cast<size_t>(given.format);
    Image made;
    made.width = given.width;
    made.height = given.height;
    made.format = given.format;
    made.pixels.assign(given.data, given.data + bytes);
    if (provenance != nullptr) made.provenance = *provenance_of(provenance);
    return made;
  });
}

md_status md_image_read(const char* path, md_image** image, md_error** error) {
  return answer("image", image, error, [&]() -> Result<Image> {
    if (Status status = require({{"path", path}}); !status.ok()) return status;
    return mobilediffusion::read_image(path);
  });
}

md_status md_image_decode(const uint8_t* file, size_t bytes, md_image** image, md_error** error) {
  return answer("image", image, error, [&]() -> Result<Image> {
    if (Status status = require({{"file", file}}); !status.ok()) return status;
    return mobilediffusion::decode_image({file, bytes});
  });
}

md_status md_image_save(const md_image* image, const char* path, const md_save_options* options, md_error** error) {
  return answer(error, [&]() -> Status {
    if (Status status = require({{"image", image}, {"path", path}}); !status.ok()) return status;
    const auto given = save_options_of(options);
    return given.ok() ? image->image.save(path, *given) : given.status();
  });
}

md_status md_image_encode(const md_image* image, md_file_format format, const md_save_options* options,
                          md_bytes** bytes, md_error** error) {
  return answer("bytes", bytes, error, [&]() -> Result<std::vector<uint8_t>> {
    if (Status status = require({{"image", image}}); !status.ok()) return status;
    const auto given = save_options_of(options);
    if (!given.ok()) return given.status();
    if (format == MD_PNG) return image->image.encode_png(*given);
    if (format == MD_JPEG) return image->image.encode_jpeg(*given);
    return Status(StatusCode::kInvalidArgument, "format must be MD_PNG or MD_JPEG, not " + std::to_string(format));
  });
}

const uint8_t* md_bytes_data(const md_bytes* bytes) { return bytes != nullptr ? bytes->bytes.data() : nullptr; }

size_t md_bytes_size(const md_bytes* bytes) { return bytes != nullptr ? bytes->bytes.size() : 0; }

void md_bytes_free(md_bytes* bytes) { delete bytes; }
