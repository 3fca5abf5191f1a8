// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Asked now and then whether to give up. */
public interface Cancellation {
  /** On the thread that called. What it throws gives up, and is thrown by that call. */
  boolean isCancelled();
}
