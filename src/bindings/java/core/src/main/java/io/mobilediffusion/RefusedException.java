// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A filter of {@link LoadOptions} refused the prompt or the picture; the message is its reason. */
public final class RefusedException extends MobileDiffusionException {
  private static final long serialVersionUID = 1;

  RefusedException(String reason) {
    super(Status.REFUSED, reason);
  }
}
