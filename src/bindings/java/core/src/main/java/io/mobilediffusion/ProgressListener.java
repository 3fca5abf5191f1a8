// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Told how far a picture is. */
public interface ProgressListener {
  /**
   * Called between operators: {@code done} of {@code total} parts of the stage are done. It runs on the thread that
   * called {@link Pipeline#generate}; of a pipeline in {@link Priority#BACKGROUND}, on another while that one waits. Of
   * the pipeline it may call {@link Pipeline#cancel} and {@link Pipeline#close} alone. What it throws cancels the
   * picture and is thrown by {@code generate}.
   *
   * @return true to go on, false to cancel
   */
  boolean onProgress(Stage stage, int done, int total);
}
