// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "mobilediffusion/live.h"

#include <utility>

#include "src/c/answer.h"
#include "src/c/handles.h"
#include "src/c/options.h"

using mobilediffusion::LiveOptions;
using mobilediffusion::LivePicture;
using mobilediffusion::LiveSession;
using mobilediffusion::Result;
using mobilediffusion::Status;
using mobilediffusion::StatusCode;
using mobilediffusion::c::answer;
using mobilediffusion::c::generate_options_of;
using mobilediffusion::c::report;
using mobilediffusion::c::require;

struct md_live {
  LiveSession session;
};

namespace {

void call_back(md_live_callback on_picture, void* user_data, LivePicture picture) {
  md_image* image = nullptr;
  md_error* error = nullptr;
  answer("image", &image, &error, [&] { return std::move(picture.image); });
  on_picture(user_data, picture.prompt.c_str(), picture.seed, picture.seconds, image, error);
  md_error_free(error);
}

}  // namespace

md_status md_live_start(md_pipeline* pipeline, const md_generate_options* options, md_live_callback on_picture,
                        void* user_data, md_live** live, md_error** error) {
  return answer("live", live, error, [&]() -> Result<LiveSession> {
    if (Status status = require({{"pipeline", pipeline}}); !status.ok()) return status;
    if (on_picture == nullptr) return Status(StatusCode::kInvalidArgument, "on_picture must not be NULL");
    auto given = generate_options_of(options);
    if (!given.ok()) return given.status();
    return LiveSession::start(
        pipeline->pipeline, {.generate = std::move(*given), .on_picture = [on_picture, user_data](LivePicture picture) {
                               call_back(on_picture, user_data, std::move(picture));
                             }});
  });
}

void md_live_free(md_live* live) { delete live; }

md_status md_live_submit(md_live* live, const char* prompt, md_error** error) {
  return answer(error, [&]() -> Status {
    if (Status status = require({{"live", live}, {"prompt", prompt}}); !status.ok()) return status;
    return live->session.submit(prompt);
  });
}

md_status md_live_submit_with_seed(md_live* live, const char* prompt, uint64_t seed, md_error** error) {
  return answer(error, [&]() -> Status {
    if (Status status = require({{"live", live}, {"prompt", prompt}}); !status.ok()) return status;
    return live->session.submit(prompt, seed);
  });
}

void md_live_finish(md_live* live) {
  if (live != nullptr) live->session.finish();
}
