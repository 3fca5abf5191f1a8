// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Told of the pictures of a {@link LiveSession}. */
public interface LiveListener {
  /**
   * Once for every prompt that was not overtaken, in the order in which they were submitted, on the session's own thread:
   * hand the picture to yours. The next is begun when this returns. It may call the session, but for
   * {@link LiveSession#finish}. What it throws is thrown by the session's next {@code submit} or {@code finish}.
   */
  void onPicture(LivePicture picture);
}
