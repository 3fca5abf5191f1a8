// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** One call of {@link Pipeline#generate}, as C calls back. */
final class Run extends Caught {
  private final Pipeline pipeline; // which nobody else may refer to any more
  private final ProgressListener listener;

  Run(Pipeline pipeline, ProgressListener listener) {
    this.pipeline = pipeline;
    this.listener = listener;
  }

  boolean progress(int stage, int done, int total) {
    final Handle handle = pipeline.handle;
    if (handle.isClosed()) return false;
    if (listener == null) return true;
    final Handle before = handle.enterListener();
    try {
      return listener.onProgress(Stage.of(stage), done, total);
    } catch (Throwable throwable) {
      caught(throwable);
      return false;
    } finally {
      Handle.leaveListener(before);
    }
  }
}
