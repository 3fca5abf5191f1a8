// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Draws what was asked for, one client's after another's, as long as somebody waits for it.
#pragma once

#include <cstddef>
#include <functional>
#include <variant>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/pipeline.h"
#include "src/net/http_server.h"
#include "src/serve/api_error.h"
#include "src/serve/picture_queue.h"
#include "src/serve/picture_request.h"

namespace mobilediffusion::serve {

// Called on the thread that called draw().
struct DrawingEvents {
  std::function<void(size_t ahead)> waiting = {};  // when the place in the queue has changed
  std::function<void(Stage stage, int done, int total)> progress = {};
};

class Painter {
 public:
  // The pipeline must outlive it.
  Painter(Pipeline& pipeline, size_t waiting) : pipeline_(pipeline), queue_(waiting) {}

  // Waits for its turn, and stops when the client is gone. May be called from many threads.
  std::variant<std::vector<Image>, ApiError> draw(const PictureRequest& request, net::Client& client,
                                                  const DrawingEvents& events = {});

 private:
  std::variant<std::vector<Image>, ApiError> draw_now(const PictureRequest& request, net::Client& client,
                                                      const DrawingEvents& events);

  Pipeline& pipeline_;
  PictureQueue queue_;
};

}  // namespace mobilediffusion::serve
