// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/options/option_checks.h"

#include <cstdint>
#include <string>

#include "src/features/features.h"

namespace mobilediffusion {
namespace {

constexpr int kMostThreads = 256;
constexpr int kLargestSide = 8 * 4096;
constexpr int64_t kMostPixels = int64_t{1} << 28;

Status invalid(const std::string& what) { return Status(StatusCode::kInvalidArgument, what); }

// Of an enum's value that its header does not list, as a cast or another language's face may bring it.
template <typename Enum>
Status not_listed(const char* option, Enum value, const char* header) {
  return invalid(std::string(option) + " " + std::to_string(static_cast<int>(value)) + " is not one of " + header);
}

bool is_listed(Precision precision) {
  return precision == Precision::kFloat32 || precision == Precision::kFloat16 || precision == Precision::kInt8 ||
         precision == Precision::kOfModel;
}

bool is_listed(PixelFormat format) { return format == PixelFormat::kRgb || format == PixelFormat::kRgba; }

Status check_side(const char* name, int side, int multiple) {
  if (side > 0 && side <= kLargestSide && side % multiple == 0) return {};
  return invalid(std::string(name) + " must be a multiple of " + std::to_string(multiple) + " from " +
                 std::to_string(multiple) + " to " + std::to_string(kLargestSide) + ", not " + std::to_string(side));
}

Status check_size(int width, int height, int multiple) {
  if (Status status = check_side("width", width, multiple); !status.ok()) return status;
  if (Status status = check_side("height", height, multiple); !status.ok()) return status;
  if (int64_t{width} * height <= kMostPixels) return {};
  return invalid("a picture of " + std::to_string(width) + "x" + std::to_string(height) + " is too large: at most " +
                 std::to_string(kMostPixels) + " pixels");
}

// The picture to begin with.
Status check_image(const Pixels& image, double strength) {
  if (!(strength >= 0 && strength <= 1)) return invalid("strength must be 0 to 1, not " + std::to_string(strength));
  if (!is_listed(image.format)) return not_listed("image.format", image.format, "image.h");
  return check_pixel_count("image", image);
}

}  // namespace

Status check_pixel_count(const char* name, const Pixels& pixels) {
  if (pixels.width >= 1 && pixels.height >= 1 && int64_t{pixels.width} * pixels.height <= kMostPixels) return {};
  return invalid(std::string(name) + " must have from 1 to " + std::to_string(kMostPixels) + " pixels, not " +
                 std::to_string(pixels.width) + "x" + std::to_string(pixels.height));
}

Status check(const LoadOptions& options) {
  if (options.threads < 0 || options.threads > kMostThreads) {
    return invalid("threads must be 0 (one a core) to " + std::to_string(kMostThreads) + ", not " +
                   std::to_string(options.threads));
  }
  if (!is_listed(options.precision)) return not_listed("precision", options.precision, "options.h");
  if (options.memory != MemoryUse::kKeep && options.memory != MemoryUse::kStream)
    return not_listed("memory", options.memory, "options.h");
  if (options.priority != Priority::kNormal && options.priority != Priority::kBackground)
    return not_listed("priority", options.priority, "options.h");
  if (!features::kLora && !options.loras.empty()) return features::missing("LoRAs");
  return {};
}

Status check(const PackOptions& options) {
  if (options.weights != StoredWeights::kAsTheyAre && options.weights != StoredWeights::kInt8 &&
      options.weights != StoredWeights::kFloat16)
    return not_listed("weights", options.weights, "pack.h");
  return {};
}

Status check(const GenerateOptions& options, int width, int height, const PictureLimits& limits) {
  if (Status status = check_size(width, height, limits.size_multiple); !status.ok()) return status;
  if (options.guidance && !(*options.guidance >= 0.0f && *options.guidance <= 100.0f))
    return invalid("guidance must be 0 to 100, not " + std::to_string(*options.guidance));
  if (options.image.data != nullptr) {
    if (!features::kImageToImage) return features::missing("pictures to begin with");
    if (Status status = check_image(options.image, options.strength); !status.ok()) return status;
  }
  if (options.noise != Noise::kPhilox && options.noise != Noise::kTorch)
    return not_listed("noise", options.noise, "options.h");
  const size_t latent = static_cast<size_t>(limits.latent_channels) * static_cast<size_t>(width / limits.upscale) *
                        static_cast<size_t>(height / limits.upscale);
  if (!options.initial_noise.empty() && options.initial_noise.size() != latent) {
    return invalid("initial_noise must have " + std::to_string(latent) + " values for a picture of " +
                   std::to_string(width) + "x" + std::to_string(height) + ", not " +
                   std::to_string(options.initial_noise.size()));
  }
  if (!is_listed(options.format)) return not_listed("format", options.format, "image.h");
  const size_t bytes = static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(options.format);
  if (options.output != nullptr && options.output_bytes < bytes) {
    return invalid("output_bytes must be at least " + std::to_string(bytes) + ", not " +
                   std::to_string(options.output_bytes));
  }
  if (options.steps < 0)
    return invalid("steps must be 0 (the model's own) or more, not " + std::to_string(options.steps));
  return {};
}

}  // namespace mobilediffusion
