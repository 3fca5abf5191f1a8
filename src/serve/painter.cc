// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/serve/painter.h"

#include <chrono>
#include <optional>
#include <utility>

namespace mobilediffusion::serve {
namespace {

constexpr std::chrono::milliseconds kTick{10};  // how soon it is seen that a client who waits is gone

// Read by nobody but where the server ends.
ApiError nobody_waits() { return api_error({StatusCode::kCancelled, "cancelled"}); }

}  // namespace

std::variant<std::vector<Image>, ApiError> Painter::draw(const PictureRequest& request, net::Client& client,
                                                         const DrawingEvents& events) {
  std::optional<PictureQueue::Place> place = queue_.enter();
  if (!place) return ApiError{503, "too many pictures wait already; try again in a second", {}, "queue_full"};
  size_t told = 0;
  while (const size_t ahead = place->wait(kTick)) {
    if (client.is_gone()) return nobody_waits();
    if (ahead != told && events.waiting) events.waiting(ahead);
    told = ahead;
  }
  return draw_now(request, client, events);
}

std::variant<std::vector<Image>, ApiError> Painter::draw_now(const PictureRequest& request, net::Client& client,
                                                             const DrawingEvents& events) {
  GenerateOptions options = request.options;
  options.remember_text = true;  // somebody types, or asks for further seeds
  options.progress = [&](Stage stage, int done, int total) {
    if (client.is_gone()) return false;
    if (events.progress) events.progress(stage, done, total);
    return true;
  };
  Image given;
  if (!request.image_file.empty()) {
    Result<Image> decoded = decode_image(request.image_file);
    if (!decoded.ok()) {
      ApiError error = api_error(decoded.status());
      error.param = "image";
      return error;
    }
    given = std::move(*decoded);
    options.image = given.view();
  }
  std::vector<Image> images;
  for (const uint64_t seed : request.seeds) {
    if (client.is_gone()) return nobody_waits();
    options.seed = seed;
    Result<Image> image = pipeline_.generate(request.prompt, options);
    if (!image.ok()) return api_error(image.status());
    images.push_back(std::move(*image));
  }
  return images;
}

}  // namespace mobilediffusion::serve
