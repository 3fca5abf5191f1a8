// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A live session, as C calls back. */
final class LiveRun extends Caught {
  private final LiveListener listener;
  private final Callbacks filters; // the pipeline's; null: none
  private volatile Handle session;

  LiveRun(LiveListener listener, Callbacks filters) {
    this.listener = listener;
    this.filters = filters;
  }

  /** Before anything is submitted. */
  void belongTo(Handle handle) {
    session = handle;
  }

  /** The image is this side's; 0: there is none, and `status` says why. */
  void picture(byte[] prompt, long seed, double seconds, long image, int status, byte[] message) {
    final Image drawn = image == 0 ? null : new Image(image);
    final Handle handle = session;
    if (!handle.tryEnter()) { // it is being closed, and nothing comes after that
      if (drawn != null) drawn.close();
      return;
    }
    final Handle before = handle.enterListener();
    try {
      final MobileDiffusionException failure = drawn != null ? null : MobileDiffusionException.of(status, message);
      final Throwable thrown = failure == null || filters == null ? null : filters.take();
      if (thrown != null) failure.initCause(thrown);
      listener.onPicture(new LivePicture(Arguments.string(prompt), seed, seconds, drawn, failure));
    } catch (Throwable throwable) {
      caught(throwable);
    } finally {
      Handle.leaveListener(before);
      handle.leaveFromOwnThread();
    }
  }
}
