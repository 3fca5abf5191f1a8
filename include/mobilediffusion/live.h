// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// Pictures that follow a prompt while it is being typed, which is what a one-step model on a fast engine is for (Zhao
// et al., 2023, section 1):
//
//   auto session = mobilediffusion::LiveSession::start(pipeline, {.on_picture = [](mobilediffusion::LivePicture
//   picture) {
//     if (picture.image.ok()) show(*picture.image);   // on the session's thread: hand it to your own
//   }});
//   if (!session.ok()) return complain(session.status().message());
//   session->submit("a red f");                       // at every keystroke; returns at once
//   session->submit("a red fox");
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "mobilediffusion/export.h"
#include "mobilediffusion/image.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/pipeline.h"
#include "mobilediffusion/status.h"

#pragma push_macro("Status")  // X11's, as status.h says
#undef Status

namespace mobilediffusion {

// What became of one prompt.
struct LivePicture {
  std::string prompt;   // as it was submitted
  uint64_t seed = 0;    // likewise
  Result<Image> image;  // the picture, or why there is none; never one that was overtaken
  double seconds = 0;   // from submit() to here
};

struct LiveOptions {
  // How every picture is drawn. One seed for all of them, so that the picture grows with its words. What this points to
  // must stay valid while the session lives; `output` and `cancelled` must be null, since the session has several
  // pictures and cancels them itself. What the text encoder answered is kept for the prompts that come back.
  GenerateOptions generate = {};

  // Called on the session's thread, once for every prompt that was not overtaken, in the order in which they were
  // submitted; the next picture is begun when it returns. Must not throw, and must not end the session.
  std::function<void(LivePicture picture)> on_picture = {};
};

// The newest prompt's picture, drawn on a thread of its own. One prompt waits at most: a newer one takes its place and
// cancels the picture that is being drawn. After a last submit() its picture always comes, and nothing after it.
//
// Ownership: the pipeline must outlive the session. Others may draw with it too; they wait for their turn and are not
// cancelled. Destroying the session cancels what it draws and waits until that, and a callback that runs, has ended;
// on_picture is not called afterwards. It can be moved, not copied; one that was moved from answers kInvalidState.
// Threads: submit() and finish() may be called from any threads at any time, from on_picture too but for finish().
class MOBILEDIFFUSION_EXPORT LiveSession {
 public:
  // Errors: kInvalidArgument (no on_picture; `output` or `cancelled`), kInvalidState (the pipeline was moved from),
  // kOutOfMemory (for a thread as well).
  static Result<LiveSession> start(Pipeline& pipeline, LiveOptions options);

  LiveSession(LiveSession&&) noexcept;
  LiveSession& operator=(LiveSession&&) noexcept;
  ~LiveSession();

  // Asks for a prompt's picture, with the options' seed or with another, and returns at once. Does nothing where the
  // prompt and the seed are those of the last submit(), unless that one failed. Errors, of the asking alone:
  // kInvalidState, kOutOfMemory. What generate() finds wrong with a prompt comes through on_picture.
  Status submit(std::string prompt);
  Status submit(std::string prompt, uint64_t seed);

  // Waits until nothing waits or is drawn, and the last callback has returned.
  void finish();

 private:
  struct MOBILEDIFFUSION_HIDDEN Impl;
  explicit LiveSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mobilediffusion

#pragma pop_macro("Status")
