// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What a listener threw, until the call that it was called in ends and throws it. */
class Caught {
  private Throwable thrown;

  final synchronized void caught(Throwable throwable) {
    if (thrown == null) thrown = throwable;
  }

  /** What it was, if anything, which is then forgotten. */
  final synchronized Throwable take() {
    final Throwable throwable = thrown;
    thrown = null;
    return throwable;
  }

  /** Throws that. */
  final void rethrow() {
    final Throwable throwable = take();
    if (throwable != null) Caught.<RuntimeException>sneak(throwable);
  }

  /** A listener in Kotlin may throw what Java would have declared. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void sneak(Throwable throwable) throws T {
    throw (T) throwable;
  }
}
