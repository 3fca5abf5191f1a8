// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A {@link Cancellation}, as C asks it. */
final class Asked extends Caught {
  private final Cancellation cancellation;

  Asked(Cancellation cancellation) {
    this.cancellation = cancellation;
  }

  boolean isCancelled() {
    try {
      return cancellation.isCancelled();
    } catch (Throwable throwable) {
      caught(throwable);
      return true;
    }
  }
}
