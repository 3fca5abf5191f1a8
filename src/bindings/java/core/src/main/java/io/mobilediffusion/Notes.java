// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A pipeline's log, as C calls it. */
final class Notes extends Caught {
  private final LogListener listener;
  private volatile Handle pipeline;

  Notes(LogListener listener) {
    this.listener = listener;
  }

  /** Once loaded, there is something to cancel. */
  void belongTo(Handle handle) {
    pipeline = handle;
  }

  void note(int level, byte[] message) {
    final Handle handle = pipeline;
    final Handle before = handle == null ? null : handle.enterListener();
    try {
      listener.onNote(LogLevel.of(level), Arguments.string(message));
    } catch (Throwable throwable) {
      caught(throwable);
      if (handle != null) handle.cancel();
    } finally {
      if (handle != null) Handle.leaveListener(before);
    }
  }
}
