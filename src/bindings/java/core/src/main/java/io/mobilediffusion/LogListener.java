// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Told what is worth a log line: a size that the model was not made for, words that it was never taught, and so on. */
public interface LogListener {
  /**
   * Called while a pipeline loads or draws, on threads as {@link ProgressListener} says. What it throws is thrown by the
   * call that it was called in; a picture is cancelled.
   */
  void onNote(LogLevel level, String message);
}
