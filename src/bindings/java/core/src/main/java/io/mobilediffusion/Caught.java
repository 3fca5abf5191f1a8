// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What a listener threw, until the call that it was called in ends and throws it. */
class Caught {
  private Throwable thrown;

  final synchronized void caught(Throwable throwable) {
    if (thrown == null) thrown = throwable;
  }

  /** Throws it, if there is anything, which is then forgotten. */
  final void rethrow() {
    final Throwable throwable;
    synchronized (this) {
      throwable = thrown;
      thrown = null;
    }
    if (throwable != null) Caught.<RuntimeException>sneak(throwable);
  }

  /** A listener in Kotlin may throw what Java would have declared. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable throwable) throws T {
    throw (T) throwable;
  }
}
